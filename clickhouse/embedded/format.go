package embedded

import "strings"

// defaultFormat is what a server answers in over HTTP when nothing else is said.
const defaultFormat = "TabSeparated"

// binaryType is the Content-Type of formats that are not text.
const binaryType = "application/octet-stream"

// contentType is the Content-Type that a server gives with a format.
func contentType(format string) string {
	name := strings.ToLower(format)
	switch {
	case strings.HasPrefix(name, "csv"):
		header := "absent"
		if strings.Contains(name, "withnames") {
			header = "present"
		}
		return "text/csv; charset=UTF-8; header=" + header
	case strings.HasPrefix(name, "tabseparated"), strings.HasPrefix(name, "tsv"):
		return "text/tab-separated-values; charset=UTF-8"
	case strings.Contains(name, "eachrow") && strings.HasPrefix(name, "json"), name == "ndjson", name == "jsonlines", name == "jsonobjecteachrow":
		return eachRowType(name)
	case strings.HasPrefix(name, "json"):
		return "application/json; charset=UTF-8"
	case name == "xml":
		return "application/xml; charset=UTF-8"
	case name == "parquet", name == "arrow", name == "arrowstream", name == "orc", name == "native",
		name == "avro", name == "msgpack", name == "bsoneachrow", name == "protobuf", name == "capnproto",
		name == "npy", name == "rawblob", strings.HasPrefix(name, "rowbinary"):
		return binaryType
	}
	return "text/plain; charset=UTF-8"
}

func eachRowType(name string) string {
	if name == "jsonobjecteachrow" {
		return "application/json; charset=UTF-8"
	}
	return "application/x-ndjson; charset=UTF-8"
}
