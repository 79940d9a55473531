package embedded

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// spoolMemory is how much of a held back answer stays in memory; the rest goes
// into a temporary file.
const spoolMemory = 16 << 20

// spool holds an answer until its headers are sent.
type spool struct {
	size int64
	mem  bytes.Buffer
	file *os.File
}

func (s *spool) add(data []byte) error {
	s.size += int64(len(data))
	if s.file == nil && s.mem.Len()+len(data) <= spoolMemory {
		s.mem.Write(data)
		return nil
	}
	if s.file == nil {
		file, err := os.CreateTemp("", "infrazen-answer-")
		if err != nil {
			return fmt.Errorf("cannot hold back the answer: %w", err)
		}
		s.file = file
		_ = os.Remove(file.Name())
	}
	if _, err := s.file.Write(data); err != nil {
		return fmt.Errorf("cannot hold back the answer: %w", err)
	}
	return nil
}

// drain writes everything to w and leaves the spool empty.
func (s *spool) drain(w io.Writer) error {
	defer s.discard()
	if _, err := w.Write(s.mem.Bytes()); err != nil {
		return err
	}
	if s.file == nil {
		return nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.file)
	return err
}

func (s *spool) discard() {
	if s.file != nil {
		_ = s.file.Close()
	}
	*s = spool{}
}
