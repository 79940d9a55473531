package embedded

import (
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	chproto "github.com/ClickHouse/ch-go/proto"
)

// packing says how an answer is packed. ClickHouse's own blocks and an HTTP
// encoding exclude each other, as in a server.
type packing struct {
	encoding string // of Content-Encoding: gzip, deflate, br, zstd, lz4
	blocks   bool   // ClickHouse's blocks with checksums
	zstd     bool   // the blocks' method
}

func (p packing) any() bool { return p.encoding != "" || p.blocks }

// choosePacking reads what the client asked for.
func choosePacking(r *http.Request, req *request) packing {
	if req.compress {
		return packing{blocks: true, zstd: req.zstd}
	}
	if !req.httpCompression {
		return packing{}
	}
	accepted := r.Header.Get("Accept-Encoding")
	for _, name := range []string{"br", "lz4", "zstd", "gzip", "deflate"} {
		if acceptsEncoding(accepted, name) {
			return packing{encoding: name}
		}
	}
	return packing{}
}

func acceptsEncoding(header, name string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), name) {
			return strings.ReplaceAll(strings.ToLower(quality), " ", "") != "q=0"
		}
	}
	return false
}

// writer packs what is written to it into w.
func (p packing) writer(w http.ResponseWriter) (io.WriteCloser, error) {
	if p.blocks {
		method := compress.LZ4
		if p.zstd {
			method = compress.ZSTD
		}
		return &blockWriter{w: w, packer: compress.NewWriter(compress.LevelZero, method)}, nil
	}
	if p.encoding != "" {
		w.Header().Set("Content-Encoding", p.encoding)
	}
	switch p.encoding {
	case "gzip":
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case "deflate":
		return zlib.NewWriterLevel(w, zlib.BestSpeed)
	case "br":
		return brotli.NewWriterLevel(w, brotli.BestSpeed), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	case "lz4":
		return lz4.NewWriter(w), nil
	}
	return plainWriter{w}, nil
}

type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }

// blockSize is how much of an answer goes into one of ClickHouse's blocks.
const blockSize = 1 << 20

// blockWriter writes ClickHouse's blocks: checksum, method, sizes, data.
type blockWriter struct {
	w      io.Writer
	packer *compress.Writer
	buf    []byte
}

// Write packs the data when there is enough of it.
func (b *blockWriter) Write(data []byte) (int, error) {
	b.buf = append(b.buf, data...)
	for len(b.buf) >= blockSize {
		if err := b.block(b.buf[:blockSize]); err != nil {
			return 0, err
		}
		b.buf = append(b.buf[:0], b.buf[blockSize:]...)
	}
	return len(data), nil
}

func (b *blockWriter) block(data []byte) error {
	if err := b.packer.Compress(data); err != nil {
		return err
	}
	_, err := b.w.Write(b.packer.Data)
	return err
}

// Close writes what is left.
func (b *blockWriter) Close() error {
	data := b.buf
	b.buf = nil
	if len(data) == 0 {
		return nil
	}
	return b.block(data)
}

// last writes an exception behind an answer under way: in a block of its own
// and not compressed, because clickhouse-go looks for it in the packed bytes.
func (b *blockWriter) last(text []byte) error {
	if err := b.Close(); err != nil {
		return err
	}
	b.packer = compress.NewWriter(compress.LevelZero, compress.None)
	return b.block(text)
}

// unpack returns the body as it was before the client packed it.
func unpack(r *http.Request, req *request) (io.Reader, error) {
	var body io.Reader = r.Body
	var err error
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	case "br":
		body = brotli.NewReader(body)
	case "zstd":
		body, err = zstd.NewReader(body, zstd.WithDecoderConcurrency(1))
	case "lz4":
		body = lz4.NewReader(body)
	default:
		return nil, fail(89, "UNKNOWN_COMPRESSION_METHOD", "Unknown compression method '%s'", encoding)
	}
	if err != nil {
		return nil, fail(271, "CANNOT_DECOMPRESS", "Cannot unpack the body of the request: %s", err)
	}
	if req.decompress {
		reader := chproto.NewReader(body)
		reader.EnableCompression()
		body = reader
	}
	return body, nil
}
