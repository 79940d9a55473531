// Package focussim writes the FOCUS exports of a made-up company, as a cloud would: a file for each day, written again as
// hours are added and while its charges are still being settled, and the oldest days as one Parquet file.
//
// What a file holds depends on nothing but the configuration: the same call gives the same bytes, and a call with a later
// Now adds hours and restates some of the latest days.
package focussim

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Config says what to write.
type Config struct {
	// Seed makes the company; the same seed is the same company.
	Seed uint64
	// Now is the instant up to which the cloud has exported. An hour appears two hours after it ended, and is settled
	// 36 hours after it ended; until then some of its charges are missing or too low.
	Now time.Time
	// Days is how far back the first export goes; 90 when zero.
	Days int
	// Cloud is whose bill it is; Volna() when its Name is empty.
	Cloud Cloud
}

// Report says what a directory holds after a call.
type Report struct {
	// Files are all files there, Written those that the call has made or changed.
	Files, Written int
	// Rows and BilledCost are over all files.
	Rows       int64
	BilledCost decimal.Decimal
}

// Times of the life of a charge after its hour ended.
const (
	exportLag   = 2 * time.Hour
	settleAfter = 36 * time.Hour
	archiveDays = 14
)

// Write brings the directory up to what the cloud has exported at c.Now. Files of earlier calls stay.
func Write(dir string, c Config) (Report, error) {
	c = c.withDefaults()
	var rep Report
	first, end, err := archiveSpan(dir, c)
	if err != nil {
		return rep, err
	}
	w := newWorld(c, first)
	name := fmt.Sprintf("archive/%s_%s.parquet", first.Format(time.DateOnly), end.AddDate(0, 0, -1).Format(time.DateOnly))
	if err := rep.write(dir, name, w, w.rows(first, end), encodeParquet); err != nil {
		return rep, err
	}
	for day := end; day.Before(c.Now); day = day.AddDate(0, 0, 1) {
		rows := w.rows(day, day.AddDate(0, 0, 1))
		if len(rows) == 0 {
			continue
		}
		if err := rep.write(dir, "daily/"+day.Format(time.DateOnly)+".csv.gz", w, rows, encodeCSV); err != nil {
			return rep, err
		}
	}
	return rep, nil
}

func (c Config) withDefaults() Config {
	if c.Days == 0 {
		c.Days = 90
	}
	if c.Cloud.Name == "" {
		c.Cloud = Volna()
	}
	c.Now = c.Now.UTC()
	return c
}

// archiveSpan gives the days that the Parquet file covers: those of the one that is there, or the oldest of a new export.
func archiveSpan(dir string, c Config) (first, end time.Time, err error) {
	held, err := filepath.Glob(filepath.Join(dir, "archive", "*.parquet"))
	if err != nil {
		return first, end, fmt.Errorf("cannot list the archive of %s: %w", dir, err)
	}
	for _, path := range held {
		from, to, found := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".parquet"), "_")
		first, err1 := time.Parse(time.DateOnly, from)
		last, err2 := time.Parse(time.DateOnly, to)
		if found && err1 == nil && err2 == nil {
			return first, last.AddDate(0, 0, 1), nil
		}
	}
	first = c.Now.Truncate(24*time.Hour).AddDate(0, 0, -c.Days)
	return first, first.AddDate(0, 0, min(archiveDays, max(1, c.Days/2))), nil
}

func (r *Report) write(dir, name string, w *world, rows []row, encode func(*world, []row) ([]byte, error)) error {
	r.Files++
	r.Rows += int64(len(rows))
	for i := range rows {
		r.BilledCost = r.BilledCost.Add(rows[i].BilledCost)
	}
	content, err := encode(w, rows)
	if err != nil {
		return fmt.Errorf("cannot encode %s: %w", name, err)
	}
	changed, err := replace(filepath.Join(dir, filepath.FromSlash(name)), content)
	if err != nil {
		return err
	}
	if changed {
		r.Written++
	}
	return nil
}

// replace puts content in the place of a file at once, unless the file has it already.
func replace(path string, content []byte) (changed bool, err error) {
	held, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(held, content):
		return false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("cannot read export %s: %w", filepath.Base(path), err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, fmt.Errorf("cannot make the folder of export %s: %w", filepath.Base(path), err)
	}
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := os.WriteFile(temp, content, 0o644); err != nil {
		return false, fmt.Errorf("cannot write export %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(temp, path); err != nil {
		return false, fmt.Errorf("cannot put export %s in place: %w", filepath.Base(path), err)
	}
	return true, nil
}
