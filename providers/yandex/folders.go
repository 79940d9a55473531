package yandex

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/infrazen/infrazen/pipeline"
)

// folder is a folder of a cloud: what resources lie in.
type folder struct {
	ID      string `json:"id"`
	CloudID string `json:"cloudId"`
	Name    string `json:"name"`
	Status  string `json:"status"`
}

func (f folder) title() string {
	if f.Name != "" {
		return f.Name
	}
	return f.ID
}

// readFolders finds the folders: those of the settings, or all of all clouds. When a list fails, those of the task before stay.
func (s *session) readFolders(ctx context.Context, rep *report) []folder {
	if len(s.conf.folders) > 0 {
		return s.namedFolders(ctx, rep)
	}
	raw, err := s.list(ctx, scopeClouds, "resource-manager", "/resource-manager/v1/clouds", "clouds", nil)
	rep.scope(scopeClouds, scopeLabel(scopeClouds), int64(len(raw)), err)
	if err != nil && !isCode(err, pipeline.FaultForbidden) {
		return s.folders
	}
	var found []folder
	for _, r := range raw {
		var cloud struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(r, &cloud) != nil || cloud.ID == "" {
			continue
		}
		some, err := s.listFolders(ctx, cloud.ID)
		if err != nil {
			rep.scope(scopeFolders, scopeLabel(scopeFolders), int64(len(found)), err)
			return s.folders
		}
		found = append(found, some...)
	}
	if len(found) == 0 {
		rep.scope(scopeFolders, scopeLabel(scopeFolders), 0, noFolders())
		rep.scopes[len(rep.scopes)-1].Skipped = false // nothing to be seen is not nothing there
		return nil
	}
	rep.scope(scopeFolders, scopeLabel(scopeFolders), int64(len(found)), nil)
	s.folders = found
	return found
}

func noFolders() *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultForbidden,
		Text: pipeline.Text{
			RU: "Сервисному аккаунту не видно ни одного каталога. Назначьте ему роль viewer на облако или впишите идентификаторы каталогов в настройки подключения.",
			EN: "The service account sees no folder. Grant it the role viewer on the cloud, or enter the folder IDs in the connection's settings.",
		},
	}
}

func (s *session) listFolders(ctx context.Context, cloud string) ([]folder, error) {
	raw, err := s.list(ctx, scopeFolders, "resource-manager", "/resource-manager/v1/folders", "folders", url.Values{"cloudId": {cloud}})
	if err != nil {
		return nil, err
	}
	var out []folder
	for _, r := range raw {
		var f folder
		if err := json.Unmarshal(r, &f); err != nil || f.ID == "" {
			return nil, s.edge.Malformed(scopeFolders, "a folder without an identifier")
		}
		if f.Status != "DELETING" {
			out = append(out, f)
		}
	}
	return out, nil
}

// namedFolders reads the names of the folders in the settings. A folder whose name may not be read is called by its identifier.
func (s *session) namedFolders(ctx context.Context, rep *report) []folder {
	var out []folder
	var failed error
	for _, id := range s.conf.folders {
		f := folder{ID: id}
		err := s.get(ctx, scopeFolders, "resource-manager", "/resource-manager/v1/folders/"+url.PathEscape(id), nil, &f)
		if f.ID != id {
			f = folder{ID: id}
		}
		if err != nil && !isCode(err, pipeline.FaultForbidden) && failed == nil {
			failed = err
		}
		for _, known := range s.folders {
			if err != nil && known.ID == id {
				f = known
			}
		}
		out = append(out, f)
	}
	rep.scope(scopeFolders, scopeLabel(scopeFolders), int64(len(out)), failed)
	if failed == nil {
		s.folders = out
	}
	return out
}
