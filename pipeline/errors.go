package pipeline

import "errors"

// The errors that every store gives for what its caller can act upon. Compare with errors.Is.
var (
	// ErrNotFound means that nothing of that name is there, or that it is another tenant's.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that such a thing is there already.
	ErrConflict = errors.New("already there")
	// ErrStale means that the thing was changed since it was read: read it again and repeat the change.
	ErrStale = errors.New("changed meanwhile")
	// ErrBadCredentials means that the e-mail, the password, the link or the token opens nothing.
	ErrBadCredentials = errors.New("wrong credentials")
)
