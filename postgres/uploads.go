package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/klauspost/compress/zstd"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// Limits of uploads.
const (
	// MaxUpload is how long a file may be, in bytes.
	MaxUpload = 64 << 20
	// MaxUploads is how many files a connection may have.
	MaxUploads = 100
	// uploadChunk is how much of a file is held in memory and stored in one row, before compression.
	uploadChunk = 1 << 20
)

const sqlPutChunk = `/* put_upload_chunk */
INSERT INTO upload_chunks (connection_id, content, n, packed) SELECT c.id, $3, $4, $5 FROM connections c WHERE c.tenant_id = $1 AND c.id = $2`

const sqlOtherUploads = `/* other_uploads */
SELECT count(*) FROM uploads WHERE tenant_id = $1 AND connection_id = $2 AND name <> $3 AND NOT removed`

const sqlForgetContent = `/* forget_upload_content */
DELETE FROM upload_chunks k USING uploads u
WHERE u.tenant_id = $1 AND u.connection_id = $2 AND u.name = $3 AND k.connection_id = u.connection_id AND k.content = u.content`

const sqlPutUpload = `/* put_upload */
INSERT INTO uploads (tenant_id, connection_id, name, version, size, content, chunks, uploaded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (connection_id, name) DO UPDATE SET version = excluded.version, size = excluded.size, content = excluded.content,
    chunks = excluded.chunks, uploaded_by = excluded.uploaded_by, uploaded_at = clock_timestamp(), removed = false
RETURNING uploaded_at`

// PutUpload keeps a file of a connection under a name; one that is there already is replaced when the whole file has been read,
// and stays as it is when that fails. A file over MaxUpload, or one more than MaxUploads, is a *pipeline.Fault with FaultTooLarge.
// One chunk of it is held in memory.
func (s *Store) PutUpload(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, name string, by pipeline.UserID, in io.Reader) (pipeline.Upload, error) {
	u := pipeline.Upload{Name: name, UploadedBy: by}
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var owned int
		if err := tx.QueryRow(ctx, sqlOwned, uuid(tenant), uuid(conn)).Scan(&owned); err != nil {
			return err
		}
		content := pgtype.UUID{Valid: true}
		_, _ = rand.Read(content.Bytes[:]) // it never fails
		sum, size, chunks, err := putChunks(ctx, tx, tenant, conn, content, in)
		if err != nil {
			return err
		}
		u.Version, u.Size = hex.EncodeToString(sum), size
		return putUpload(ctx, tx, tenant, conn, content, chunks, &u)
	})
	return u, wrap(err, "keep the file %q of the connection %s", name, conn)
}

// putUpload makes the stored chunks the content of the file. From here on no other upload to the connection gets through.
func putUpload(ctx context.Context, tx pgx.Tx, tenant pipeline.TenantID, conn pipeline.ConnectionID, content pgtype.UUID, chunks int, u *pipeline.Upload) error {
	var c pipeline.Connection
	if err := tx.QueryRow(ctx, sqlLockConnection, uuid(tenant), uuid(conn)).Scan(connectionFields(&c)...); err != nil {
		return err
	}
	var others int
	if err := tx.QueryRow(ctx, sqlOtherUploads, uuid(tenant), uuid(conn), u.Name).Scan(&others); err != nil {
		return err
	}
	if others >= MaxUploads {
		return tooManyUploads(u.Name)
	}
	if _, err := tx.Exec(ctx, sqlForgetContent, uuid(tenant), uuid(conn), u.Name); err != nil {
		return err
	}
	by := uuid(u.UploadedBy)
	by.Valid = u.UploadedBy != ""
	err := tx.QueryRow(ctx, sqlPutUpload, uuid(tenant), uuid(conn), u.Name, u.Version, u.Size, content, chunks, by).Scan(&u.UploadedAt)
	u.UploadedAt = u.UploadedAt.UTC()
	return err
}

func tooManyUploads(name string) error {
	return &pipeline.Fault{Code: pipeline.FaultTooLarge, Scope: name, Text: pipeline.Textf(
		"У подключения уже %d файлов — это предел. Удалите ненужные или создайте ещё одно подключение.",
		"The connection has %d files already, which is the limit. Remove those that are not needed, or make another connection.", MaxUploads)}
}

func uploadTooLarge(name string) error {
	return &pipeline.Fault{Code: pipeline.FaultTooLarge, Scope: name, Text: pipeline.Textf(
		"Файл больше %d МБ. Разделите отчёт на части, например по месяцам.",
		"The file is over %d MB. Split the report, by month for example.", MaxUpload>>20)}
}

// putChunks stores the content piece by piece and gives its SHA-256, its size and how many pieces it makes.
func putChunks(ctx context.Context, tx pgx.Tx, tenant pipeline.TenantID, conn pipeline.ConnectionID, content pgtype.UUID, in io.Reader) (sum []byte, size int64, chunks int, err error) {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, 0, 0, err
	}
	defer func() { _ = pack.Close() }()
	hash := sha256.New()
	buf := make([]byte, uploadChunk)
	var packed []byte
	for {
		n, err := io.ReadFull(in, buf)
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return nil, 0, 0, fmt.Errorf("cannot read the file: %w", err)
		}
		if size += int64(n); size > MaxUpload {
			return nil, 0, 0, uploadTooLarge("")
		}
		if n > 0 {
			hash.Write(buf[:n])
			packed = pack.EncodeAll(buf[:n], packed[:0])
			if err := one(tx.Exec(ctx, sqlPutChunk, uuid(tenant), uuid(conn), content, chunks, packed)); err != nil {
				return nil, 0, 0, err
			}
			chunks++
		}
		if ended {
			return hash.Sum(nil), size, chunks, nil
		}
	}
}

const sqlUploads = `/* uploads */
SELECT name, version, size, uploaded_at, coalesce(uploaded_by::text, ''), removed
FROM uploads WHERE tenant_id = $1 AND connection_id = $2 ORDER BY name COLLATE "C"`

// Uploads lists the files of a connection by name, removed ones included.
func (s *Store) Uploads(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID) ([]pipeline.Upload, error) {
	rows, err := s.pool.Query(ctx, sqlUploads, uuid(tenant), uuid(conn))
	list, err := collectRows(rows, err, func(row pgx.CollectableRow) (pipeline.Upload, error) {
		var u pipeline.Upload
		err := row.Scan(&u.Name, &u.Version, &u.Size, &u.UploadedAt, &u.UploadedBy, &u.Removed)
		u.UploadedAt = u.UploadedAt.UTC()
		return u, err
	})
	return list, wrap(err, "list the files of the connection %s", conn)
}

const sqlRemoveUpload = `/* remove_upload */
UPDATE uploads SET removed = true, version = 'removed ' || gen_random_uuid(), size = 0, content = NULL, chunks = 0
WHERE tenant_id = $1 AND connection_id = $2 AND name = $3 AND NOT removed`

// RemoveUpload marks a file as removed and drops its content.
func (s *Store) RemoveUpload(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, name string) error {
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlForgetContent, uuid(tenant), uuid(conn), name); err != nil {
			return err
		}
		return one(tx.Exec(ctx, sqlRemoveUpload, uuid(tenant), uuid(conn), name))
	})
	return wrap(err, "remove the file %q of the connection %s", name, conn)
}

const sqlUploadContent = `/* upload_content */
SELECT content, chunks FROM uploads WHERE tenant_id = $1 AND connection_id = $2 AND name = $3 AND version = $4 AND NOT removed`

// OpenUpload reads a file of this name and version; pipeline.ErrNotFound when there is none. A file that is replaced or removed
// meanwhile ends with that error too. One chunk is held in memory, and no connection to the database between reads.
func (s *Store) OpenUpload(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, name, version string) (io.ReadCloser, error) {
	r := &uploadReader{ctx: ctx, store: s, tenant: tenant, conn: conn, name: name}
	if err := s.pool.QueryRow(ctx, sqlUploadContent, uuid(tenant), uuid(conn), name, version).Scan(&r.content, &r.chunks); err != nil {
		return nil, wrap(err, "open the file %q of the connection %s", name, conn)
	}
	var err error
	r.unpack, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uploadChunk))
	return r, wrap(err, "open the file %q of the connection %s", name, conn)
}

const sqlUploadChunk = `/* upload_chunk */
SELECT k.packed FROM upload_chunks k JOIN connections c ON c.id = k.connection_id
WHERE c.tenant_id = $1 AND k.connection_id = $2 AND k.content = $3 AND k.n = $4`

// uploadReader reads a file chunk by chunk.
type uploadReader struct {
	ctx     context.Context
	store   *Store
	tenant  pipeline.TenantID
	conn    pipeline.ConnectionID
	name    string
	content pgtype.UUID
	chunks  int
	next    int
	unpack  *zstd.Decoder
	buf     []byte
	left    []byte
}

// Read implements io.Reader.
func (r *uploadReader) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		if r.next >= r.chunks {
			return 0, io.EOF
		}
		var packed []byte
		err := r.store.pool.QueryRow(r.ctx, sqlUploadChunk, uuid(r.tenant), uuid(r.conn), r.content, r.next).Scan(&packed)
		if err == nil {
			r.buf, err = r.unpack.DecodeAll(packed, r.buf[:0])
		}
		if err != nil {
			return 0, wrap(err, "read the file %q of the connection %s", r.name, r.conn)
		}
		r.left = r.buf
		r.next++
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// Close implements io.Closer.
func (r *uploadReader) Close() error {
	r.unpack.Close()
	r.next, r.left = r.chunks, nil
	return nil
}

// UploadsOf gives the files of one connection.
func (s *Store) UploadsOf(a collect.Account) pipeline.Uploads { return uploadsOf{s, a} }

type uploadsOf struct {
	store   *Store
	account collect.Account
}

// List implements pipeline.Uploads.
func (u uploadsOf) List(ctx context.Context) ([]pipeline.Upload, error) {
	return u.store.Uploads(ctx, u.account.Tenant, u.account.Connection)
}

// Open implements pipeline.Uploads.
func (u uploadsOf) Open(ctx context.Context, name, version string) (io.ReadCloser, error) {
	return u.store.OpenUpload(ctx, u.account.Tenant, u.account.Connection, name, version)
}
