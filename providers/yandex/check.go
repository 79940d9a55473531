package yandex

import (
	"context"
	"net/url"

	"github.com/infrazen/infrazen/pipeline"
)

// Check implements pipeline.Session: it signs in, and asks each section of the first folder, the billing account and the
// bucket. It asks for no usage report: one may be asked for in a minute.
func (s *session) Check(ctx context.Context) (pipeline.Outcome, error) {
	s.begin()
	var rep report
	if _, err := s.bearer(ctx); err != nil {
		if stop := stopped(ctx); stop != nil {
			err = stop
		}
		return s.outcome(&rep), err
	}
	folders := s.readFolders(ctx, &rep)
	for _, l := range listings() {
		if len(folders) == 0 {
			break
		}
		var page map[string]any
		err := s.get(ctx, l.scope(folders[0]), l.service, l.path, url.Values{"folderId": {folders[0].ID}, "pageSize": {"1"}}, &page)
		rep.scope(l.scope(folders[0]), l.labelOf(folders[0]), 0, err)
		if stop := stopped(ctx); stop != nil {
			return s.outcome(&rep), stop
		}
	}
	s.readAccount(ctx, &rep)
	if s.bucket != nil {
		objects, err := s.bucket.list(ctx)
		if err == nil && len(objects) == 0 {
			rep.note("no_files", scopeBucket, 1, pipeline.Text{
				RU: "В бакете пока нет файлов .csv с этим префиксом. Первая выгрузка появляется в течение суток после настройки.",
				EN: "The bucket has no .csv files with this prefix yet. The first export comes within a day of being set up.",
			})
		}
		rep.scope(scopeBucket, scopeLabel(scopeBucket), int64(len(objects)), err)
	}
	if stop := stopped(ctx); stop != nil {
		return s.outcome(&rep), stop
	}
	rep.nothingPermitted()
	return s.outcome(&rep), nil
}
