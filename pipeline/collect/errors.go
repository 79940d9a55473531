package collect

import "errors"

// ErrLeaseLost means that another collector has taken the window, or that its connection was edited or deleted meanwhile.
var ErrLeaseLost = errors.New("lease lost")
