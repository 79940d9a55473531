// Package table brings in bills that are tables of any kind: CSV and XLSX whose columns a mapping explains.
package table
