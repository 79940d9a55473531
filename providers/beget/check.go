package beget

import (
	"context"
	"net/url"

	"github.com/infrazen/infrazen/pipeline"
)

// Check implements pipeline.Session: it signs in and asks each section for as little as it gives.
func (s *session) Check(ctx context.Context) (pipeline.Outcome, error) {
	s.begin()
	var rep report
	if _, err := s.bearer(ctx); err != nil {
		if stop := stopped(ctx); stop != nil {
			err = stop
		}
		return s.outcome(&rep), err
	}
	one := url.Values{"offset": {"0"}, "limit": {"1"}}
	for _, probe := range []struct {
		scope, path string
		query       url.Values
	}{
		{scopeVPS, "/v1/vps/server/list", one},
		{scopeSnapshot, "/v1/vps/snapshot", nil},
		{scopeNetwork, "/v1/vps/network", nil},
		{scopeCloud, "/v1/cloud", one},
		{scopeProjects, "/v1/cloud/projects/list", one},
	} {
		var any map[string]any
		err := s.get(ctx, probe.scope, probe.path, probe.query, &any)
		rep.closeScope(probe.scope, err, 0)
		if stop := stopped(ctx); stop != nil {
			return s.outcome(&rep), stop
		}
	}
	s.checkLegacy(ctx, &rep)
	if stop := stopped(ctx); stop != nil {
		return s.outcome(&rep), stop
	}
	rep.nothingPermitted()
	return s.outcome(&rep), nil
}

// checkLegacy asks each section of the legacy API once; mail needs a domain.
func (s *session) checkLegacy(ctx context.Context, rep *report) {
	inv := &inventory{session: s}
	if s.apiPassword == "" {
		inv.skipLegacy()
		rep.scopes = append(rep.scopes, inv.report.scopes...)
		rep.notes = append(rep.notes, inv.report.notes...)
		return
	}
	_, err := s.readAccount(ctx)
	if isCode(err, pipeline.FaultCredentials) {
		s.legacyFault = pipeline.AsFault(err)
	}
	rep.closeScope(scopeAccount, err, 0)
	domains, err := legacyList(ctx, s, scopeDomains, nil, domainKey)
	rep.closeScope(scopeDomains, err, int64(len(domains)))
	for _, scope := range []string{scopeSites, scopeMySQL, scopeFTP} {
		_, err := s.legacy(ctx, scope, nil)
		rep.closeScope(scope, err, 0)
	}
	if len(domains) > 0 {
		_, err := s.legacy(ctx, scopeMail, map[string]string{"domain": string(domains[0].FQDN)})
		rep.closeScope(scopeMail, err, 0)
	}
}
