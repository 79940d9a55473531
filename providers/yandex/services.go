package yandex

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// count is an int64 of proto3 JSON: a string, or a plain number from a lenient server. It is not negative.
type count int64

// UnmarshalJSON implements json.Unmarshaler.
func (c *count) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	n, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	if err != nil || n < 0 {
		return errors.New("cannot read a count")
	}
	*c = count(n)
	return nil
}

func number(n count) string { return strconv.FormatInt(int64(n), 10) }

// readAddress reads vpc/v1/addresses. A reserved address that nothing uses is paid for all the same.
func readAddress(_ *inventory, l *listing, f folder, raw json.RawMessage) (pipeline.Resource, bool) {
	var v struct {
		base
		ExternalIPv4Address struct {
			Address string `json:"address"`
			ZoneID  string `json:"zoneId"`
		} `json:"externalIpv4Address"`
		Reserved bool `json:"reserved"`
		Used     bool `json:"used"`
	}
	if !decode(raw, &v, &v.ID) {
		return pipeline.Resource{}, false
	}
	v.ZoneID = v.ExternalIPv4Address.ZoneID
	if v.Name == "" {
		v.Name = v.ExternalIPv4Address.Address
	}
	r := v.resource(pipeline.FloatingIP, l, f)
	put(r.Attributes, "public_ip", v.ExternalIPv4Address.Address)
	r.Status = "RESERVED"
	if v.Used {
		r.Status = "USED"
	} else {
		r.Attributes[pipeline.AttributeCondition] = pipeline.ConditionOrphan
	}
	return r, true
}

// readDatabase reads a cluster of a managed database. Cores and memory hide behind the name of a preset.
func readDatabase(_ *inventory, l *listing, f folder, raw json.RawMessage) (pipeline.Resource, bool) {
	var v struct {
		base
		Environment string `json:"environment"`
		Health      string `json:"health"`
		Config      struct {
			Version   string `json:"version"`
			Resources struct {
				ResourcePresetID string `json:"resourcePresetId"`
				DiskSize         count  `json:"diskSize"`
				DiskTypeID       string `json:"diskTypeId"`
			} `json:"resources"`
		} `json:"config"`
	}
	if !decode(raw, &v, &v.ID) {
		return pipeline.Resource{}, false
	}
	r := v.resource(pipeline.Database, l, f)
	r.DiskBytes = int64(v.Config.Resources.DiskSize)
	put(r.Attributes, "engine", l.engine)
	put(r.Attributes, "version", v.Config.Version)
	put(r.Attributes, "preset", v.Config.Resources.ResourcePresetID)
	put(r.Attributes, "disk_type", v.Config.Resources.DiskTypeID)
	put(r.Attributes, "environment", v.Environment)
	put(r.Attributes, "health", v.Health)
	return r, true
}

func readKubernetes(inv *inventory, l *listing, f folder, raw json.RawMessage) (pipeline.Resource, bool) {
	var v struct {
		base
		Health string `json:"health"`
		Master struct {
			Version string `json:"version"`
		} `json:"master"`
	}
	if !decode(raw, &v, &v.ID) {
		return pipeline.Resource{}, false
	}
	inv.clusters[v.ID] = v.ID
	if v.Name != "" {
		inv.clusters[v.Name] = v.ID
	}
	r := v.resource(pipeline.Cluster, l, f)
	put(r.Attributes, "version", v.Master.Version)
	put(r.Attributes, "health", v.Health)
	return r, true
}

func readBalancer(_ *inventory, l *listing, f folder, raw json.RawMessage) (pipeline.Resource, bool) {
	var v struct {
		base
		RegionID string `json:"regionId"`
		Type     string `json:"type"`
	}
	if !decode(raw, &v, &v.ID) {
		return pipeline.Resource{}, false
	}
	r := v.resource(pipeline.LoadBalancer, l, f)
	r.RegionID = v.RegionID
	put(r.Attributes, "type", v.Type)
	return r, true
}

func readRegistry(_ *inventory, l *listing, f folder, raw json.RawMessage) (pipeline.Resource, bool) {
	var v base
	if !decode(raw, &v, &v.ID) {
		return pipeline.Resource{}, false
	}
	return v.resource(pipeline.Registry, l, f), true
}

// readBucket reads storage/v1/buckets. A bucket is billed under its name, so the name is its identifier here.
func readBucket(_ *inventory, l *listing, f folder, raw json.RawMessage) (pipeline.Resource, bool) {
	var v struct {
		base
		DefaultStorageClass string `json:"defaultStorageClass"`
		MaxSize             count  `json:"maxSize"`
		Tags                []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		} `json:"tags"`
	}
	if !decode(raw, &v, &v.Name) {
		return pipeline.Resource{}, false
	}
	v.ID = v.Name
	r := v.resource(pipeline.Bucket, l, f)
	put(r.Attributes, "storage_class", v.DefaultStorageClass)
	if v.MaxSize > 0 {
		r.Attributes["max_size_bytes"] = number(v.MaxSize)
	}
	for _, t := range v.Tags {
		if r.Tags == nil {
			r.Tags = map[string]string{}
		}
		r.Tags[t.Key] = t.Value
	}
	return r, true
}
