package embedded

import (
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// helloQuery is what clickhouse-go asks first over HTTP. It decodes the answer
// at its own protocol revision, and all later answers at the revision that
// this one names. The library writes Native at revision 0 only, so this answer
// is made here and names 0.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

func isHello(text string, req *request) bool {
	return req.protocolVersion > 0 && strings.EqualFold(req.format, "Native") && strings.TrimSpace(text) == helloQuery
}

func (s *server) hello(protocolVersion int) ([]byte, error) {
	var name, version, zone proto.ColStr
	var revision proto.ColUInt32
	name.Append(displayName)
	version.Append(s.engine.version)
	revision.Append(0)
	zone.Append(s.engine.zone)
	var buf proto.Buffer
	block := proto.Block{Columns: 4, Rows: 1, Info: proto.BlockInfo{BucketNum: -1}}
	err := block.EncodeBlock(&buf, protocolVersion, []proto.InputColumn{
		{Name: "displayName()", Data: &name},
		{Name: "version()", Data: &version},
		{Name: "revision()", Data: &revision},
		{Name: "timezone()", Data: &zone},
	})
	return buf.Buf, err
}
