package embedded

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/infrazen/infrazen/clickhouse/embedded/statement"
)

// The library gives every statement a random query_id and has no call to set
// it. The client's own id is therefore put in where it can be seen or used: in
// statements that read system.processes and in KILL QUERY.

// processes is system.processes as a subquery with the clients' query ids;
// engine_query_id is the engine's own when it is asked for.
func (s *server) processes(killer *connection) string {
	ids := s.running.ids()
	tags := slices.Sorted(maps.Keys(ids))
	from, to := make([]string, len(tags)), make([]string, len(tags))
	for i, tag := range tags {
		from[i], to[i] = quote(tag), quote(ids[tag])
	}
	id := func(column string) string {
		return "transform(Settings['" + tagSetting + "'], [" + strings.Join(from, ", ") + "]::Array(String), [" +
			strings.Join(to, ", ") + "]::Array(String), " + column + ") AS " + column
	}
	own, where := "", ""
	if killer != nil {
		own, where = "query_id AS engine_query_id, ", " WHERE Settings['"+tagSetting+"'] != "+quote(killer.tag)
	}
	return "(SELECT " + own + "* REPLACE (" + id("query_id") + ", " + id("initial_query_id") +
		", replaceRegexpOne(query, '\\\\nINTO OUTFILE .* APPEND\\\\n', '\\n') AS query) FROM system.processes" + where + ")"
}

// withClientIDs puts the clients' query ids into a statement.
func (s *server) withClientIDs(text string, st *statement.Statement) string {
	if st.Kind != statement.Select || !st.Mentions("processes") {
		return text
	}
	return statement.ReplaceTable(text, "system", "processes", s.processes(nil))
}

// kill runs KILL QUERY WHERE ... with the clients' query ids.
func (j *job) kill(kill statement.Kill) error {
	own, err := j.server.engineIDs()
	if err != nil {
		return err
	}
	text := "KILL QUERY WHERE query_id IN (SELECT engine_query_id FROM " + j.server.processes(j.conn) + " WHERE " + kill.Condition + ") " + kill.Tail
	answer, stats, err := j.conn.Query(text, j.st.Format, j.req.params...)
	j.p.stats.Add(stats)
	if err != nil {
		return err
	}
	if contentType(j.st.Format) != binaryType {
		for engineID, clientID := range own {
			answer = bytes.ReplaceAll(answer, []byte(engineID), []byte(clientID))
		}
	}
	_, err = j.p.Write(answer)
	return err
}

// engineIDs returns the clients' query ids by those of the engine.
func (s *server) engineIDs() (map[string]string, error) {
	s.engine.adminMu.Lock()
	defer s.engine.adminMu.Unlock()
	answer, _, err := s.engine.admin.Query("SELECT query_id, Settings['"+tagSetting+"'] FROM system.processes", "TabSeparated")
	if err != nil {
		return nil, err
	}
	byTag, ids := s.running.ids(), map[string]string{}
	for line := range strings.Lines(string(answer)) {
		id, tag, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if client, ok := byTag[tag]; ok {
			ids[id] = client
		}
	}
	return ids, nil
}
