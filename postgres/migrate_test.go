package postgres_test

import (
	"testing"

	"github.com/infrazen/infrazen/postgres/pgtest"
)

func TestOpen(t *testing.T) {
	store := pgtest.Open(t)
	if _, err := store.Now(t.Context()); err != nil {
		t.Fatal(err)
	}
}
