package postgres_test

import (
	"flag"
	"testing"

	"github.com/infrazen/infrazen/postgres/pgtest"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write what the tests compare with")
	pgtest.Main(m)
}
