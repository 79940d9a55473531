package server

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// previewsAtOnce is how many files are read for a preview at once: each takes a processor and some memory.
const previewsAtOnce = 2

type uploadView struct {
	Name       string           `json:"name"`
	Size       int64            `json:"size" doc:"In bytes"`
	Version    string           `json:"version" doc:"The SHA-256 of the content"`
	UploadedAt *time.Time       `json:"uploaded_at"`
	State      string           `json:"state" enum:"waiting,loading,loaded,failed" doc:"Whether its charges are in"`
	Fault      maybe[faultView] `json:"fault" doc:"Why it could not be loaded"`
}

type uploadOut struct{ Body uploadView }

type uploadsOut struct {
	Body struct {
		Uploads []uploadView `json:"uploads"`
	}
}

type uploadIn struct {
	ID string `path:"id" format:"uuid"`
	fileBody
}

type removeUploadIn struct {
	ID   string `path:"id" format:"uuid"`
	Name string `query:"name" required:"true" minLength:"1" maxLength:"200"`
}

type previewIn struct{ fileBody }

func (s *Server) routeUploads() {
	const tag = "connections"
	add(s, operation{id: "list-uploads", method: http.MethodGet, path: "/connections/{id}/uploads", tag: tag, summary: "The files of a connection", access: members}, s.listUploads)
	add(s, operation{
		id: "upload-file", method: http.MethodPost, path: "/connections/{id}/uploads", tag: tag, summary: "Give a connection a file; one of the same name is replaced",
		access: admins, status: http.StatusCreated, timeout: uploadTimeout, body: fileForm(),
	}, s.uploadFile)
	add(s, operation{id: "remove-upload", method: http.MethodDelete, path: "/connections/{id}/uploads", tag: tag, summary: "Take a file back, and its charges", access: admins}, s.removeUpload)
	add(s, operation{
		id: "preview-upload", method: http.MethodPost, path: "/uploads/preview", tag: tag, summary: "Show what a file gives under a column mapping; a guessed one when none is sent",
		access: admins, timeout: uploadTimeout, body: fileForm("kind", "mapping"),
	}, s.previewUpload)
}

// uploadLimit is how long a file of a kind may be.
func uploadLimit(u *pipeline.UploadSpec) int64 {
	if u.MaxBytes > 0 {
		return min(u.MaxBytes, maxUpload)
	}
	return maxUpload
}

// filesOf gives a connection of the caller's and which files it takes.
func (s *Server) filesOf(ctx context.Context, c caller, id string) (pipeline.Connection, *pipeline.UploadSpec, error) {
	conn, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(id))
	if err != nil {
		return conn, nil, err
	}
	if p, ok := s.kinds[conn.Kind]; ok && p.Info().Uploads != nil {
		return conn, p.Info().Uploads, nil
	}
	return conn, nil, refuse(http.StatusConflict, "Это подключение не принимает файлы.", "This connection takes no files.")
}

func (s *Server) listUploads(ctx context.Context, c caller, in *connectionID) (*uploadsOut, error) {
	conn, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID))
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Uploads(ctx, c.tenant(), conn.ID)
	if err != nil {
		return nil, err
	}
	windows, err := s.Store.WindowsOf(ctx, c.tenant(), conn.ID, 1000)
	if err != nil {
		return nil, err
	}
	out := &uploadsOut{}
	out.Body.Uploads = []uploadView{}
	for _, u := range list {
		if !u.Removed {
			out.Body.Uploads = append(out.Body.Uploads, viewUpload(u, windows, c.lang))
		}
	}
	return out, nil
}

// viewUpload tells of a file how far its window is.
func viewUpload(u pipeline.Upload, windows []WindowState, lang pipeline.Lang) uploadView {
	view := uploadView{Name: u.Name, Size: u.Size, Version: u.Version, UploadedAt: when(u.UploadedAt), State: "waiting"}
	at := slices.IndexFunc(windows, func(w WindowState) bool { return w.Grain == pipeline.GrainObject && w.Object == u.Name })
	if at < 0 {
		return view
	}
	w := windows[at]
	switch {
	case w.Running:
		view.State = "loading"
	case w.Fault != nil && w.AttemptedAt.After(u.UploadedAt):
		view.State, view.Fault = "failed", viewFaultIfAny(w.Fault, lang)
	case w.SucceededAt.After(u.UploadedAt) && w.DueAt.IsZero():
		view.State = "loaded"
	}
	return view
}

func (s *Server) uploadFile(ctx context.Context, c caller, in *uploadIn) (*uploadOut, error) {
	conn, spec, err := s.filesOf(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	f, err := in.read(s.Env.TempDir, uploadLimit(spec))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if err := checkExtension(f.name, spec); err != nil {
		return nil, err
	}
	u, err := s.Store.PutUpload(ctx, c.tenant(), conn.ID, f.name, c.User.ID, f)
	if err != nil {
		return nil, refuseFault(err)
	}
	s.lookAtFiles(ctx, c, conn)
	return &uploadOut{Body: viewUpload(u, nil, c.lang)}, nil
}

func checkExtension(name string, spec *pipeline.UploadSpec) error {
	lower := strings.ToLower(name)
	if len(spec.Extensions) == 0 || slices.ContainsFunc(spec.Extensions, func(e string) bool { return strings.HasSuffix(lower, e) }) {
		return nil
	}
	return invalid(fault{location: "body.file", text: pipeline.Textf("нужен файл %s", "a file of %s is needed", strings.Join(spec.Extensions, ", "))})
}

// refuseFault turns a fault of a file into an answer; other errors pass.
func refuseFault(err error) error {
	var f *pipeline.Fault
	if !errors.As(err, &f) {
		return err
	}
	status := http.StatusUnprocessableEntity
	switch {
	case f.Code == pipeline.FaultTooLarge:
		status = http.StatusRequestEntityTooLarge
	case f.Retry:
		status = http.StatusServiceUnavailable
	}
	e := &refusal{status: status, text: f.Text}
	if f.Code == pipeline.FaultSettings {
		e.faults = []fault{{location: "body." + f.Scope, text: f.Text}}
	}
	return e
}

// lookAtFiles has the files of a connection listed now. What it cannot do is done at the next listing.
func (s *Server) lookAtFiles(ctx context.Context, c caller, conn pipeline.Connection) {
	if p, ok := s.kinds[conn.Kind]; !ok || p.Info().Uploads == nil || conn.Paused {
		return
	}
	if err := s.Store.SyncNow(ctx, c.tenant(), conn.ID); err != nil {
		s.Log.WarnContext(ctx, "files are not looked at at once", "tenant", c.tenant(), "connection", conn.ID, "error", err)
	}
}

func (s *Server) removeUpload(ctx context.Context, c caller, in *removeUploadIn) (*struct{}, error) {
	conn, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID))
	if err != nil {
		return nil, err
	}
	if err := s.Store.RemoveUpload(ctx, c.tenant(), conn.ID, in.Name); err != nil {
		return nil, err
	}
	s.lookAtFiles(ctx, c, conn)
	return nil, nil
}

func (s *Server) previewUpload(ctx context.Context, c caller, in *previewIn) (*previewOut, error) {
	f, err := in.read(s.Env.TempDir, maxUpload)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	p, err := s.provider(f.fields["kind"])
	if err != nil {
		return nil, err
	}
	previewer, ok := p.(pipeline.Previewer)
	if !ok {
		return nil, invalid(fault{location: "body.kind", text: pipeline.Text{RU: "у этого подключения нет просмотра файлов", EN: "this kind of connection shows no files"}})
	}
	if spec := p.Info().Uploads; spec != nil {
		if err := checkExtension(f.name, spec); err != nil {
			return nil, err
		}
	}
	select {
	case s.previews <- struct{}{}:
		defer func() { <-s.previews }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	preview, err := previewer.Preview(ctx, f.name, f, f.fields["mapping"], c.zone())
	if err != nil {
		return nil, refuseFault(err)
	}
	return &previewOut{Body: viewPreview(&preview, c.lang)}, nil
}

// zone is that of the caller's tenant.
func (c caller) zone() *time.Location {
	if zone, err := time.LoadLocation(c.Tenant.Zone); err == nil {
		return zone
	}
	return time.UTC
}

type previewOut struct{ Body previewView }

type previewView struct {
	Mapping   string               `json:"mapping" doc:"The mapping given, or the one that is guessed, as it is kept in the settings"`
	Guessed   bool                 `json:"guessed"`
	Roles     []optionView         `json:"roles" doc:"What a column can be"`
	Columns   []previewColumnView  `json:"columns"`
	Rows      []previewRowView     `json:"rows" doc:"The first rows"`
	Sheets    []string             `json:"sheets" doc:"The sheets of a workbook"`
	Questions []noteView           `json:"questions" doc:"What could not be guessed"`
	Fault     maybe[faultView]     `json:"fault" doc:"Why the file cannot be loaded with this mapping"`
	Problems  []previewProblemView `json:"problems" doc:"The first cells that cannot be read"`
	Read      int64                `json:"read" doc:"Rows after the header"`
	Lines     int64                `json:"lines" doc:"Rows that are charges"`
	Unpriced  int64                `json:"unpriced" doc:"Charges without an amount"`
	Totals    []currencyTotalView  `json:"totals" doc:"The exact sums of the charges"`
	First     *time.Time           `json:"first" doc:"The start of the earliest charge"`
	Last      *time.Time           `json:"last" doc:"The end of the latest charge, exclusive"`
	LeftOut   []previewLeftOutView `json:"left_out" doc:"Rows that a rule leaves out"`
	Notes     []noteView           `json:"notes"`
}

type previewColumnView struct {
	Name string `json:"name"`
	Role string `json:"role" doc:"A value of roles; empty when the column is not used"`
	Key  string `json:"key" doc:"The tag's name, for a column of one tag"`
}

type previewRowView struct {
	Number int64    `json:"number"`
	Cells  []string `json:"cells"`
}

type previewProblemView struct {
	Row    int64  `json:"row"`
	Column string `json:"column"`
	Text   string `json:"text"`
}

type previewLeftOutView struct {
	Reason string              `json:"reason"`
	Rows   int64               `json:"rows"`
	Totals []currencyTotalView `json:"totals" doc:"The sums of their amounts, as far as they could be read"`
}

type currencyTotalView struct {
	Currency string `json:"currency"`
	Cost     string `json:"cost"`
}

func viewPreview(p *pipeline.Preview, lang pipeline.Lang) previewView {
	return previewView{
		Mapping: p.Mapping, Guessed: p.Guessed, Sheets: orNone(p.Sheets), Fault: viewFaultIfAny(p.Fault, lang),
		Roles: mapped(p.Roles, func(o pipeline.Option) optionView { return optionView{Value: o.Value, Label: o.Label.In(lang)} }),
		Columns: mapped(p.Columns, func(col pipeline.PreviewColumn) previewColumnView {
			return previewColumnView{Name: col.Name, Role: col.Role, Key: col.Key}
		}),
		Rows: mapped(p.Rows, func(r pipeline.PreviewRow) previewRowView {
			return previewRowView{Number: r.Number, Cells: orNone(r.Cells)}
		}),
		Questions: mapped(p.Questions, viewNote(lang)), Notes: mapped(p.Notes, viewNote(lang)),
		Problems: mapped(p.Problems, func(x pipeline.PreviewProblem) previewProblemView {
			return previewProblemView{Row: x.Row, Column: x.Column, Text: x.Text.In(lang)}
		}),
		Read: p.Read, Lines: p.Lines, Unpriced: p.Unpriced, Totals: viewTotals(p.Totals), First: when(p.First), Last: when(p.Last),
		LeftOut: mapped(p.LeftOut, func(l pipeline.PreviewLeftOut) previewLeftOutView {
			return previewLeftOutView{Reason: l.Reason.In(lang), Rows: l.Rows, Totals: viewTotals(l.Totals)}
		}),
	}
}

func viewTotals(totals map[string]decimal.Decimal) []currencyTotalView {
	out := []currencyTotalView{}
	for _, currency := range slices.SortedFunc(maps.Keys(totals), cmp.Compare) {
		out = append(out, currencyTotalView{Currency: currency, Cost: totals[currency].String()})
	}
	return out
}
