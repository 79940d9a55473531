// Package e2e holds tests that run the real programs as child processes, as an operator does, and look at them from outside:
// by HTTP, by signals, by what stays behind.
package e2e
