package postgres

import "github.com/infrazen/infrazen/pipeline/collect"

var _ collect.Windows = (*Store)(nil)
