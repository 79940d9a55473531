// Package providers is the one list of the clouds that InfraZen can read.
package providers

import (
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/focus"
	"github.com/infrazen/infrazen/providers/selectel"
	"github.com/infrazen/infrazen/providers/table"
	"github.com/infrazen/infrazen/providers/vk"
	"github.com/infrazen/infrazen/providers/yandex"
)

// Options are the operator's, the same for all connections.
type Options struct {
	// FolderRoot is the directory that FOCUS connections may read files from; empty means that folders are not offered.
	FolderRoot string
}

// All lists every provider, in the order in which the connection wizard offers them.
func All(o Options) []pipeline.Provider {
	clouds := []pipeline.Provider{
		beget.New(),
		selectel.New(),
		yandex.New(),
	}
	clouds = append(clouds, vk.All()...)
	clouds = append(clouds, focus.All(focus.Options{FolderRoot: o.FolderRoot})...)
	return append(clouds, table.All()...)
}

// ByKind finds the provider of a kind of connection.
func ByKind(all []pipeline.Provider, kind pipeline.Kind) (pipeline.Provider, bool) {
	for _, p := range all {
		if p.Info().Kind == kind {
			return p, true
		}
	}
	return nil, false
}
