// Package killtest holds a test that kills collectors and the ClickHouse engine while bills are being restated, and
// compares what they leave with what one undisturbed collector leaves.
package killtest
