package server

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// maxSetting is the greatest length of a setting, in bytes: a private key fits.
const maxSetting = 32 << 10

func (s *Server) provider(kind string) (pipeline.Provider, error) {
	p, ok := s.kinds[pipeline.Kind(kind)]
	if !ok {
		return nil, invalid(fault{location: "body.kind", text: pipeline.Textf("вид подключения %q не известен", "kind %q of connection is not known", kind)})
	}
	return p, nil
}

// splitSettings parts what may be shown from what is secret. Values that are not set are in neither.
func splitSettings(info pipeline.Info, settings map[string]string) (open, secrets map[string]string) {
	open, secrets = map[string]string{}, map[string]string{}
	for _, f := range info.Fields {
		v := settings[f.Name]
		switch {
		case v == "":
		case f.Secret:
			secrets[f.Name] = v
		default:
			open[f.Name] = v
		}
	}
	return open, secrets
}

// mergeSettings puts a change on top of a connection's settings, secrets included, and checks the whole.
func (s *Server) mergeSettings(ctx context.Context, c caller, conn pipeline.Connection, change map[string]string) (pipeline.Provider, pipeline.Settings, error) {
	p, err := s.provider(string(conn.Kind))
	if err != nil {
		return nil, nil, err
	}
	held, err := s.Store.Settings(ctx, c.tenant(), conn.ID)
	if err != nil {
		return nil, nil, err
	}
	merged, err := s.checkSettings(p, change, held)
	return p, merged, err
}

// checkSettings checks settings against the provider's fields and then by the provider itself, and fills in defaults.
// What is held counts where nothing is given: for a secret also when the value given is empty.
func (s *Server) checkSettings(p pipeline.Provider, given map[string]string, held pipeline.Settings) (pipeline.Settings, error) {
	info := p.Info()
	faults := unknownSettings(info, given)
	merged := pipeline.Settings{}
	for _, f := range info.Fields {
		v, ok := given[f.Name]
		if held != nil && (!ok || (f.Secret && v == "")) {
			v = held[f.Name]
		}
		if v == "" && held == nil {
			v = f.Default
		}
		if text, bad := settingFault(f, v); bad {
			faults = append(faults, fault{location: "body.settings." + f.Name, text: text})
		}
		if v != "" {
			merged[f.Name] = v
		}
	}
	if err := invalid(faults...); err != nil {
		return nil, err
	}
	return merged, s.tryOpen(p, merged)
}

func unknownSettings(info pipeline.Info, given map[string]string) []fault {
	var faults []fault
	for name := range given {
		if !slices.ContainsFunc(info.Fields, func(f pipeline.Field) bool { return f.Name == name }) {
			faults = append(faults, fault{
				location: "body.settings." + name,
				text:     pipeline.Textf("у подключения %s нет такой настройки", "%s has no such setting", string(info.Kind)),
			})
		}
	}
	slices.SortFunc(faults, func(a, b fault) int { return strings.Compare(a.location, b.location) })
	return faults
}

func settingFault(f pipeline.Field, v string) (pipeline.Text, bool) {
	switch {
	case v == "" && f.Required:
		return pipeline.Text{RU: "укажите «" + f.Label.RU + "»", EN: "give " + f.Label.EN}, true
	case len(v) > maxSetting:
		return pipeline.Textf("значение длиннее %d байт", "the value is longer than %d bytes", maxSetting), true
	case v != "" && len(f.Options) > 0 && !slices.ContainsFunc(f.Options, func(o pipeline.Option) bool { return o.Value == v }):
		var allowed []string
		for _, o := range f.Options {
			allowed = append(allowed, o.Value)
		}
		return pipeline.Textf("нет такого значения; есть: %s", "there is no such value; there are: %s", strings.Join(allowed, ", ")), true
	}
	return pipeline.Text{}, false
}

// tryOpen has the provider itself look at the settings; it asks the cloud nothing.
func (s *Server) tryOpen(p pipeline.Provider, settings pipeline.Settings) error {
	session, err := p.Open(settings, s.Env)
	if err == nil {
		return session.Close(context.Background())
	}
	var f *pipeline.Fault
	if !errors.As(err, &f) {
		return err
	}
	location := "body.settings"
	if slices.ContainsFunc(p.Info().Fields, func(field pipeline.Field) bool { return field.Name == f.Scope }) {
		location += "." + f.Scope
	}
	return invalid(fault{location: location, text: redactText(f.Text, secretValues(p.Info(), settings))})
}

func secretValues(info pipeline.Info, settings pipeline.Settings) []string {
	_, secrets := splitSettings(info, settings)
	var values []string
	for _, v := range secrets {
		if len(v) >= 4 {
			values = append(values, v)
		}
	}
	return values
}

// redactText takes secrets out of a sentence. A provider's sentence holds none; this keeps it so if one does.
func redactText(t pipeline.Text, secrets []string) pipeline.Text {
	for _, v := range secrets {
		t.RU, t.EN = strings.ReplaceAll(t.RU, v, "***"), strings.ReplaceAll(t.EN, v, "***")
	}
	return t
}

// keepFixed refuses a change of what says whose bill a connection collects, once it has collected something.
func (s *Server) keepFixed(ctx context.Context, c caller, held pipeline.Connection, info pipeline.Info, settings map[string]string) error {
	var faults []fault
	for _, f := range info.Fields {
		if f.Fixed && settings[f.Name] != held.Settings[f.Name] {
			faults = append(faults, fault{location: "body.settings." + f.Name, text: fixedText()})
		}
	}
	if len(faults) == 0 {
		return nil
	}
	status, err := s.Store.Status(ctx, c.tenant(), held.ID)
	if err != nil || status.LastSuccess.IsZero() {
		return err
	}
	return invalid(faults...)
}

func fixedText() pipeline.Text {
	return pipeline.Text{
		RU: "После первого сбора это не меняется: расходы по прежнему и по новому значению сложились бы. Заведите для нового отдельное подключение, а это удалите.",
		EN: "This stays as it is once something was collected: costs by the old value and by the new one would add up. Make another connection for the new one and delete this one.",
	}
}
