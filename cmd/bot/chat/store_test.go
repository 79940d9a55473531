package chat

import "github.com/infrazen/infrazen/postgres"

var _ Store = (*postgres.Store)(nil)
