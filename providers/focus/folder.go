package focus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/infrazen/infrazen/pipeline"
)

// folder reads files beneath a directory. os.Root keeps it there: a link that leads out cannot be opened.
type folder struct {
	base, path string // path is relative to base, the operator's directory
	hashes     *hashCache
	root       *os.Root
}

func (f *folder) label() pipeline.Text {
	return pipeline.Textf("Папка «%s»", "Folder %q", f.path)
}

func (f *folder) faultEmpty() *pipeline.Fault {
	return retried(newFault(pipeline.FaultNotFound, "",
		"В папке «%s» нет файлов FOCUS (.csv, .csv.gz, .parquet). Положите их туда или исправьте путь; ранее загруженное осталось как было.",
		"The folder %q has no FOCUS files (.csv, .csv.gz, .parquet). Put them there or correct the path; what was loaded before stays as it was.", f.path))
}

// dir opens the folder once.
func (f *folder) dir() (*os.Root, error) {
	if f.root != nil {
		return f.root, nil
	}
	base, err := os.OpenRoot(f.base)
	if err != nil {
		return nil, because(retried(newFault(pipeline.FaultSettings, setFolder,
			"Каталог файлов FOCUS на сервере недоступен. Это настройка администратора: сообщите ему.",
			"The server's directory for FOCUS files cannot be opened. It is the operator's setting: tell them.")), scrub(err))
	}
	defer func() { _ = base.Close() }()
	root, err := base.OpenRoot(f.path)
	if err != nil {
		return nil, f.fault(err)
	}
	f.root = root
	return root, nil
}

// fault says why the folder cannot be read.
func (f *folder) fault(err error) *pipeline.Fault {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return because(retried(newFault(pipeline.FaultNotFound, setFolder,
			"Папки «%s» нет в разрешённом каталоге. Создайте её или исправьте путь.",
			"There is no folder %q in the allowed directory. Create it or correct the path.", f.path)), scrub(err))
	case errors.Is(err, fs.ErrPermission):
		return because(retried(newFault(pipeline.FaultForbidden, setFolder,
			"Нет прав на чтение папки «%s». Дайте пользователю, под которым работает InfraZen, право читать её.",
			"The folder %q may not be read. Let the user that InfraZen runs as read it.", f.path)), scrub(err))
	default:
		return because(retried(newFault(pipeline.FaultSettings, setFolder,
			"«%s» — не папка внутри разрешённого каталога. Укажите папку, которая лежит в нём сама, а не ссылкой наружу.",
			"%q is no folder within the allowed directory. Name a folder that lies in it itself, not a link that leads out.", f.path)), scrub(err))
	}
}

// scrub keeps the cause without the server's paths.
func scrub(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("cannot %s: %w", p.Op, p.Err)
	}
	return err
}

func (f *folder) list(ctx context.Context) ([]pipeline.Object, []pipeline.ScopeResult, error) {
	root, err := f.dir()
	if err != nil {
		return nil, nil, err
	}
	var objects []pipeline.Object
	var faults []pipeline.ScopeResult
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && name == ".":
			return f.fault(err)
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			faults = append(faults, unreadable(name, err))
			return nil
		case d.IsDir() || !isCandidate(name):
			return nil
		}
		info, err := root.Stat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			faults = append(faults, unreadable(name, err))
		case info.Mode().IsRegular():
			objects = append(objects, pipeline.Object{
				Key: name, Version: versionOf(info), Size: info.Size(), Modified: info.ModTime().UTC(),
			})
		}
		return nil
	})
	return objects, faults, err
}

func unreadable(name string, err error) pipeline.ScopeResult {
	return pipeline.ScopeResult{
		Scope: "file:" + name,
		Label: pipeline.Text{RU: name, EN: name},
		Fault: because(newFault(pipeline.FaultForbidden, name,
			"«%s» нельзя прочитать: нет прав или это ссылка за пределы разрешённого каталога. Дайте право на чтение или положите сам файл.",
			"%q cannot be read: it is not permitted, or it is a link that leads out of the allowed directory. Permit reading, or put the file itself there.",
			name), scrub(err)),
	}
}

func versionOf(info fs.FileInfo) string {
	return fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
}

func (f *folder) open(_ context.Context, key string) (file, error) {
	root, err := f.dir()
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(key)
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fileFault(key, err)
	}
	h, err := root.Open(key)
	if err != nil {
		return nil, fileFault(key, err)
	}
	info, err = h.Stat()
	if err != nil {
		_ = h.Close()
		return nil, fileFault(key, err)
	}
	return &localFile{file: h, in: io.LimitReader(h, info.Size()), root: root, key: key, opened: versionOf(info), size: info.Size()}, nil
}

func fileFault(key string, err error) *pipeline.Fault {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return because(faultGone(key), scrub(err))
	case errors.Is(err, fs.ErrPermission):
		return because(retried(newFault(pipeline.FaultForbidden, key,
			"Нет прав на чтение файла «%s». Дайте пользователю, под которым работает InfraZen, право читать его.",
			"The file %q may not be read. Let the user that InfraZen runs as read it.", key)), scrub(err))
	default:
		return faultUnreadable(key, scrub(err))
	}
}

func (f *folder) digest(ctx context.Context, o pipeline.Object) (string, error) {
	name := path.Join(f.base, f.path, o.Key) + "\x00" + o.Version
	if sum, found := f.hashes.get(name); found {
		return sum, nil
	}
	in, err := f.open(ctx, o.Key)
	if err != nil {
		return "", err
	}
	defer func() { _ = in.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, contextReader{ctx: ctx, in: in}); err != nil {
		return "", faultUnreadable(o.Key, scrub(err))
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if in.version() == o.Version && in.verify(ctx) == nil {
		f.hashes.put(name, sum)
	}
	return sum, nil
}

func (f *folder) close() error {
	if f.root == nil {
		return nil
	}
	err := f.root.Close()
	f.root = nil
	return err
}

// localFile is a file of a folder. No more is read than it had when it was opened, however it grows.
type localFile struct {
	file   *os.File
	in     io.Reader
	root   *os.Root
	key    string
	opened string
	size   int64
}

func (l *localFile) Read(p []byte) (int, error) { return l.in.Read(p) }

func (l *localFile) Close() error { return l.file.Close() }

func (l *localFile) version() string { return l.opened }

// verify looks at the open file and at what its name leads to now.
func (l *localFile) verify(context.Context) error {
	held, err := l.file.Stat()
	if err != nil || versionOf(held) != l.opened {
		return faultChanged(l.key)
	}
	now, err := l.root.Stat(l.key)
	if err != nil || versionOf(now) != l.opened {
		return faultChanged(l.key)
	}
	return nil
}

func (l *localFile) randomAccess(context.Context) (io.ReaderAt, int64, error) {
	return l.file, l.size, nil
}

// contextReader ends reading when its context ends.
type contextReader struct {
	ctx context.Context
	in  io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}

// hashCache keeps the hashes of files, so that a big file is not hashed at every listing. It is safe for many goroutines.
type hashCache struct {
	mu   sync.Mutex
	sums map[string]string
}

const maxHashes = 10_000

func newHashCache() *hashCache { return &hashCache{sums: make(map[string]string)} }

func (c *hashCache) get(name string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum, found := c.sums[name]
	return sum, found
}

func (c *hashCache) put(name, sum string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sums) >= maxHashes {
		clear(c.sums)
	}
	c.sums[name] = sum
}
