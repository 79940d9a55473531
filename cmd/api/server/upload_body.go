package server

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/infrazen/infrazen/pipeline"
)

const (
	// maxUpload is the greatest file, in bytes.
	maxUpload = 64 << 20
	// uploadTimeout is how long a request with a file may take.
	uploadTimeout = 5 * time.Minute
	// maxFileName is how long a file's name may be, in bytes.
	maxFileName = 200
)

// takesFile tells whether the body of a request holds a file, which the handler reads itself, after it is known who sends it.
func takesFile(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, apiRoot)
	if !ok || r.Method != http.MethodPost {
		return false
	}
	parts := strings.Split(strings.Trim(rest, "/"), "/")
	return (len(parts) == 3 && parts[0] == "connections" && parts[2] == "uploads") ||
		(len(parts) == 2 && parts[0] == "uploads" && parts[1] == "preview")
}

// fileBody is an input whose body the handler reads by itself.
type fileBody struct {
	request *http.Request
	writer  http.ResponseWriter
}

// Resolve implements huma.Resolver.
func (b *fileBody) Resolve(ctx huma.Context) []error {
	b.request, b.writer = humachi.Unwrap(ctx)
	return nil
}

// sentFile is a file of a request's body, on disk. Its place there is gone when it is closed, or the process ends.
type sentFile struct {
	*os.File
	name   string
	fields map[string]string
}

// read takes the fields and the file out of a multipart body, bounded in size and time.
func (b *fileBody) read(tempDir string, most int64) (*sentFile, error) {
	media, params, err := mime.ParseMediaType(b.request.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil, refuse(http.StatusUnsupportedMediaType, "Файл нужно отправить формой (multipart/form-data).", "Send the file as a form (multipart/form-data).")
	}
	control := http.NewResponseController(b.writer)
	_ = control.SetReadDeadline(time.Now().Add(uploadTimeout))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }() // a deadline that passes later would end the request
	const overhead = 1 << 20
	parts := multipart.NewReader(http.MaxBytesReader(b.writer, b.request.Body, most+overhead), params["boundary"])
	f := &sentFile{fields: map[string]string{}}
	if err := f.takeParts(parts, tempDir, most); err != nil {
		_ = f.Close()
		return nil, fileFault(err, most)
	}
	if f.File == nil {
		return nil, invalid(fault{location: "body.file", text: pipeline.Text{RU: "приложите файл", EN: "a file is needed"}})
	}
	return f, nil
}

// Close implements io.Closer; without a file there is nothing to close.
func (f *sentFile) Close() error {
	if f.File == nil {
		return nil
	}
	return f.File.Close()
}

func (f *sentFile) takeParts(parts *multipart.Reader, tempDir string, most int64) error {
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if part.FormName() == "file" && f.File == nil {
			err = f.takeFile(part, tempDir, most)
		} else {
			err = f.takeField(part)
		}
		if err != nil {
			return err
		}
	}
}

func (f *sentFile) takeField(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxSetting+1))
	switch {
	case err != nil:
		return err
	case len(f.fields) >= 10 || len(value) > maxSetting || !goodText(string(value)) || !slices.Contains([]string{"kind", "mapping"}, part.FormName()):
		return invalid(fault{location: "body." + example(part.FormName()), text: pipeline.Text{RU: "такого поля нет, или его значение слишком длинное", EN: "there is no such field, or its value is too long"}})
	}
	f.fields[part.FormName()] = string(value)
	return nil
}

// example shortens what came in a request for an answer.
func example(s string) string {
	s = strings.ToValidUTF8(s, "")
	if runes := []rune(s); len(runes) > 50 {
		return string(runes[:50])
	}
	return s
}

func (f *sentFile) takeFile(part *multipart.Part, tempDir string, most int64) error {
	name, err := fileName(part.FileName())
	if err != nil {
		return err
	}
	f.name = name
	if f.File, err = os.CreateTemp(tempDir, "upload-"); err != nil {
		return err
	}
	if err := os.Remove(f.File.Name()); err != nil { // it lives as long as it is open
		return err
	}
	n, err := io.Copy(f.File, io.LimitReader(part, most+1))
	if err != nil {
		return err
	}
	if n > most {
		return &http.MaxBytesError{Limit: most}
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}

// fileName is the last part of a name; it must be fit for a list and for a question about it.
func fileName(name string) (string, error) {
	name = strings.TrimSpace(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if name == "." || name == "/" || len(name) > maxFileName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", invalid(fault{location: "body.file", text: pipeline.Textf("имя файла — от 1 до %d байт текста", "a file's name is 1 to %d bytes of text", maxFileName)})
	}
	return name, nil
}

func fileFault(err error, most int64) error {
	var large *http.MaxBytesError
	var network net.Error
	var known *refusal
	var system *os.PathError
	switch {
	case errors.As(err, &known), errors.As(err, &system):
		return err
	case errors.As(err, &large):
		return refuse(http.StatusRequestEntityTooLarge, "Файл больше %d МБ. Разделите отчёт на части, например по месяцам.",
			"The file is over %d MB. Split the report, by month for example.", most>>20)
	case errors.As(err, &network) && network.Timeout():
		return refuse(http.StatusRequestTimeout, "Файл не пришёл вовремя. Повторите загрузку.", "The file did not arrive in time. Upload it again.")
	}
	return refuse(http.StatusBadRequest, "Форма с файлом не прочитана: загрузка прервалась. Повторите её.", "The form with the file could not be read: the upload broke off. Repeat it.")
}

// fileForm describes a body with a file for the document.
func fileForm(fields ...string) *huma.RequestBody {
	schema := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
		"file": {Type: huma.TypeString, Format: "binary"},
	}, Required: []string{"file"}}
	for _, f := range fields {
		schema.Properties[f] = &huma.Schema{Type: huma.TypeString}
	}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: schema}}}
}
