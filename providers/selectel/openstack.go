package selectel

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// errBadLink means that a list's link to its next page leads nowhere.
var errBadLink = errors.New("a link to the next page that leads nowhere")

const gib = 1 << 30

// flavor is a size of servers, as Nova embeds it since microversion 2.47 or as its own list shows it. Older answers have its
// identifier only.
type flavor struct {
	ID    text   `json:"id"`
	Name  text   `json:"name"`
	Given text   `json:"original_name"`
	VCPUs number `json:"vcpus"`
	RAM   number `json:"ram"`  // MiB
	Disk  number `json:"disk"` // GiB; 0 for servers that start from a volume
}

// server is one server of Nova. Its user data and the password hash in its metadata are not read.
type server struct {
	ID          text                      `json:"id"`
	Name        text                      `json:"name"`
	Status      text                      `json:"status"`
	Metadata    part[map[string]text]     `json:"metadata"`
	Tags        part[[]text]              `json:"tags"`
	Flavor      part[flavor]              `json:"flavor"`
	Image       part[struct{ ID text }]   `json:"image"`
	Created     text                      `json:"created"`
	Addresses   part[map[string][]netAdr] `json:"addresses"`
	Zone        text                      `json:"OS-EXT-AZ:availability_zone"`
	Description text                      `json:"description"`
	Locked      flag                      `json:"locked"`
	ConfigDrive flag                      `json:"config_drive"`
	PowerState  text                      `json:"OS-EXT-STS:power_state"`
}

type netAdr struct {
	Addr text `json:"addr"`
}

// readServers maps a page of servers. A flavor that comes as an identifier is looked up once.
func readServers(ctx context.Context, inv *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readEach(rows, func(v server) (pipeline.Resource, bool) {
		f := v.Flavor.V
		if !f.VCPUs.Known && f.ID != "" {
			f = inv.flavor(ctx, at, string(f.ID))
		}
		return serverResource(v, f, at), v.ID != ""
	})
}

func serverResource(v server, f flavor, at site) pipeline.Resource {
	r := base(at, pipeline.Server, v.ID, v.Name, v.Status)
	r.ZoneID, r.CreatedAt = string(v.Zone), v.Created.utc()
	r.VCPU, r.MemoryBytes, r.DiskBytes = f.VCPUs.whole(), f.RAM.whole()<<20, f.Disk.whole()*gib
	r.Tags = tagsOf(v.Metadata.V, v.Tags.V)
	name := f.Given
	if name == "" {
		name = f.Name
	}
	var addresses []string
	for _, net := range slices.Sorted(maps.Keys(v.Addresses.V)) {
		for _, a := range v.Addresses.V[net] {
			addresses = append(addresses, string(a.Addr))
		}
	}
	put(r.Attributes, "flavor", string(name), "addresses", strings.Join(addresses, " "), "image", string(v.Image.V.ID),
		"description", string(v.Description), "labels", labels(v.Tags.V))
	if v.Locked {
		r.Attributes["locked"] = "true"
	}
	if slices.Contains(v.Tags.V, "preemptible") {
		r.Attributes["preemptible"] = "true"
	}
	return r
}

// flavor looks a size up by its identifier. One that cannot be had leaves the server's size unknown.
func (inv *inventory) flavor(ctx context.Context, at site, id string) flavor {
	key := at.region + "/" + id
	if f, ok := inv.flavors[key]; ok {
		return f
	}
	var a struct {
		Flavor flavor `json:"flavor"`
	}
	_, err := at.client.Get(scoped(ctx, at.scope), at.client.ServiceURL("flavors", id), &a, nil) //nolint:bodyclose // gophercloud reads and closes the body of an answer that it decodes
	if err != nil {
		inv.rep.note("flavor_unknown", at.scope, 1, "Конфигурации части серверов прочитать не удалось: их размер неизвестен.",
			"The configurations of some servers could not be read: their size is unknown.")
		return flavor{}
	}
	if inv.flavors == nil {
		inv.session.flavors = map[string]flavor{}
	}
	inv.flavors[key] = a.Flavor
	return a.Flavor
}

// base is what every resource of a list has.
func base(at site, kind pipeline.ResourceType, id, name, status text) pipeline.Resource {
	if name == "" {
		name = id
	}
	return pipeline.Resource{
		ID: string(id), Type: kind, Name: string(name), Status: strings.ToUpper(string(status)), Scope: at.scope,
		ProjectID: string(at.project.ID), ProjectName: string(at.project.Name), RegionID: at.region,
		Attributes: map[string]string{}, Volatile: map[string]string{},
	}
}

// tagsOf joins a thing's metadata with those of its tags that read key=value. What Selectel itself puts there is left out:
// x_sel_server_password_hash is a secret.
func tagsOf(metadata map[string]text, tags []text) map[string]string {
	out := map[string]string{}
	for k, v := range metadata {
		if private := strings.ToLower(k); strings.HasPrefix(private, "x_sel") || strings.Contains(private, "password") || strings.Contains(private, "user_data") {
			continue
		}
		out[k] = string(v)
	}
	for _, t := range tags {
		if k, v, ok := strings.Cut(string(t), "="); ok && k != "" {
			out[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	return out
}

// labels are the tags without a value.
func labels(tags []text) string {
	var out []string
	for _, t := range tags {
		if !strings.Contains(string(t), "=") && t != "" {
			out = append(out, string(t))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// put sets those of the pairs whose value is not empty.
func put(m map[string]string, pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			m[pairs[i]] = pairs[i+1]
		}
	}
}

// volume is one volume of Cinder.
type volume struct {
	ID          text                  `json:"id"`
	Name        text                  `json:"name"`
	Status      text                  `json:"status"`
	Size        number                `json:"size"` // GiB
	Zone        text                  `json:"availability_zone"`
	Created     text                  `json:"created_at"`
	Type        text                  `json:"volume_type"`
	Bootable    flag                  `json:"bootable"`
	Metadata    part[map[string]text] `json:"metadata"`
	Attachments part[[]struct {
		Server text `json:"server_id"`
	}] `json:"attachments"`
}

// readVolumes maps a page of volumes. One that is attached to nothing and free to be is an orphan; reserved is on its way.
func readVolumes(_ context.Context, _ *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readEach(rows, func(v volume) (pipeline.Resource, bool) {
		r := base(at, pipeline.Volume, v.ID, v.Name, v.Status)
		r.ZoneID, r.CreatedAt, r.DiskBytes = string(v.Zone), v.Created.utc(), v.Size.whole()*gib
		r.Tags = tagsOf(v.Metadata.V, nil)
		put(r.Attributes, "volume_type", string(v.Type), "bootable", strconv.FormatBool(bool(v.Bootable)))
		if len(v.Attachments.V) > 0 {
			r.ParentID = string(v.Attachments.V[0].Server)
		}
		if v.Attachments.Known && len(v.Attachments.V) == 0 && r.Status == "AVAILABLE" {
			r.Attributes[pipeline.AttributeCondition] = pipeline.ConditionOrphan
		}
		return r, v.ID != ""
	})
}

// copyOf is a snapshot or a backup of a volume.
type copyOf struct {
	ID       text                  `json:"id"`
	Name     text                  `json:"name"`
	Status   text                  `json:"status"`
	Size     number                `json:"size"` // GiB
	Volume   text                  `json:"volume_id"`
	Zone     text                  `json:"availability_zone"`
	Created  text                  `json:"created_at"`
	Metadata part[map[string]text] `json:"metadata"`
}

func readSnapshots(_ context.Context, _ *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readCopies(at, pipeline.Snapshot, rows)
}

func readBackups(_ context.Context, _ *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readCopies(at, pipeline.Backup, rows)
}

func readCopies(at site, kind pipeline.ResourceType, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readEach(rows, func(v copyOf) (pipeline.Resource, bool) {
		r := base(at, kind, v.ID, v.Name, v.Status)
		r.ZoneID, r.CreatedAt, r.DiskBytes = string(v.Zone), v.Created.utc(), v.Size.whole()*gib
		r.Tags = tagsOf(v.Metadata.V, nil)
		put(r.Attributes, "volume_id", string(v.Volume))
		return r, v.ID != ""
	})
}

// share is one share of Manila.
type share struct {
	ID       text                  `json:"id"`
	Name     text                  `json:"name"`
	Status   text                  `json:"status"`
	Size     number                `json:"size"` // GiB
	Zone     text                  `json:"availability_zone"`
	Created  text                  `json:"created_at"`
	Type     text                  `json:"share_type_name"`
	Protocol text                  `json:"share_proto"`
	Metadata part[map[string]text] `json:"metadata"`
}

func readShares(_ context.Context, _ *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readEach(rows, func(v share) (pipeline.Resource, bool) {
		r := base(at, pipeline.Share, v.ID, v.Name, v.Status)
		r.ZoneID, r.CreatedAt, r.DiskBytes = string(v.Zone), v.Created.utc(), v.Size.whole()*gib
		r.Tags = tagsOf(v.Metadata.V, nil)
		put(r.Attributes, "share_type", string(v.Type), "protocol", string(v.Protocol))
		return r, v.ID != ""
	})
}
