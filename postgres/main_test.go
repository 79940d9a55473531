package postgres_test

import (
	"testing"

	"github.com/infrazen/infrazen/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
