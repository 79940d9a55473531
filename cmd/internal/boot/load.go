package boot

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// EnvPrefix begins the name of every environment variable that is a setting.
const EnvPrefix = "INFRAZEN_"

// ErrHelp means that help was asked for and has been written.
var ErrHelp = pflag.ErrHelp

// Load reads the settings of a program from defaults, the file named by --config or INFRAZEN_CONFIG, environ
// (as os.Environ gives it) and args, each over the ones before, and returns the arguments that are no flags.
// An unknown name anywhere is an error that names it.
func Load(program string, args, environ []string, stderr io.Writer) (Settings, []string, error) {
	k := koanf.New(".")
	if err := k.Load(structs.Provider(Default(), "koanf"), nil); err != nil {
		return Settings{}, nil, fmt.Errorf("cannot read default settings: %w", err)
	}
	known := k.All()
	flags := newFlags(program, known, stderr)
	if err := flags.Parse(args); err != nil {
		return Settings{}, nil, err
	}
	path := configPath(flags, environ)
	if err := loadFile(k, path, known); err != nil {
		return Settings{}, nil, err
	}
	if err := loadEnv(k, environ, known); err != nil {
		return Settings{}, nil, err
	}
	if err := k.Load(posflag.ProviderWithFlag(flags, ".", k, onlySettings(known)), nil); err != nil {
		return Settings{}, nil, fmt.Errorf("cannot read flags: %w", err)
	}
	var s Settings
	if err := k.Unmarshal("", &s); err != nil {
		return Settings{}, nil, fmt.Errorf("cannot understand the settings: %w", err)
	}
	s.fill()
	return s, flags.Args(), s.check()
}

func newFlags(program string, known map[string]any, stderr io.Writer) *pflag.FlagSet {
	flags := pflag.NewFlagSet(program, pflag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.String("config", "", "YAML file with settings")
	for _, name := range slices.Sorted(maps.Keys(known)) {
		usage := "also " + EnvName(name)
		switch v := known[name].(type) {
		case int:
			flags.Int(name, v, usage)
		case int64:
			flags.Int64(name, v, usage)
		case bool:
			flags.Bool(name, v, usage)
		case time.Duration:
			flags.Duration(name, v, usage)
		default:
			flags.String(name, fmt.Sprint(v), usage)
		}
	}
	return flags
}

func onlySettings(known map[string]any) func(*pflag.Flag) (string, any) {
	return func(f *pflag.Flag) (string, any) {
		if _, ok := known[f.Name]; !ok || !f.Changed {
			return "", nil
		}
		return f.Name, f.Value.String()
	}
}

func configPath(flags *pflag.FlagSet, environ []string) string {
	if p, _ := flags.GetString("config"); p != "" {
		return p
	}
	for _, e := range environ {
		if v, ok := strings.CutPrefix(e, EnvPrefix+"CONFIG="); ok {
			return v
		}
	}
	return ""
}

func loadFile(k *koanf.Koanf, path string, known map[string]any) error {
	if path == "" {
		return nil
	}
	f := koanf.New(".")
	if err := f.Load(file.Provider(path), yaml.Parser()); err != nil {
		return fmt.Errorf("cannot read settings file %s: %w", path, err)
	}
	for name := range f.All() {
		if _, ok := known[name]; !ok {
			return fmt.Errorf("cannot use settings file %s: setting %q is not known; see --help for the names", path, name)
		}
	}
	return k.Merge(f)
}

func loadEnv(k *koanf.Koanf, environ []string, known map[string]any) error {
	byEnv := make(map[string]string, len(known))
	for name := range known {
		byEnv[EnvName(name)] = name
	}
	var unknown []string
	p := env.Provider(".", env.Opt{
		Prefix:      EnvPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(key, value string) (string, any) {
			name, ok := byEnv[key]
			if !ok && key != EnvPrefix+"CONFIG" {
				unknown = append(unknown, key)
			}
			return name, value
		},
	})
	if err := k.Load(p, nil); err != nil {
		return fmt.Errorf("cannot read the environment: %w", err)
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("cannot use the environment: %s is no setting; see --help for the names", strings.Join(unknown, ", "))
	}
	return nil
}

// EnvName is the environment variable of a setting.
func EnvName(setting string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(setting, ".", "_"))
}

func (s *Settings) fill() {
	if s.PublicURL == "" {
		s.PublicURL = "http://" + s.Listen
	}
	if s.KeyFile == "" {
		s.KeyFile = filepath.Join(s.DataDir, "key")
	}
}

func (s *Settings) check() error {
	var errs []error
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, s.Log.Level) {
		errs = append(errs, fmt.Errorf("log.level is %q; it must be debug, info, warn or error", s.Log.Level))
	}
	if s.Log.Format != "text" && s.Log.Format != "json" {
		errs = append(errs, fmt.Errorf("log.format is %q; it must be text or json", s.Log.Format))
	}
	if s.Collector.Workers < 1 || s.Collector.Workers > 1000 {
		errs = append(errs, fmt.Errorf("collector.workers is %d; it must be 1 to 1000", s.Collector.Workers))
	}
	if s.Collector.Lease < 10*time.Second {
		errs = append(errs, fmt.Errorf("collector.lease is %s; it must be 10s or more", s.Collector.Lease))
	}
	if s.Demo.Days < 1 || s.Demo.Days > 400 {
		errs = append(errs, fmt.Errorf("demo.days is %d; it must be 1 to 400", s.Demo.Days))
	}
	errs = append(errs, s.Rates.check()...)
	if strings.Count(s.Telegram.Endpoint, "%s") != 2 {
		errs = append(errs, errors.New("telegram.endpoint must hold %s twice: for the token and for the method"))
	}
	if len(errs) > 0 {
		return fmt.Errorf("cannot use the settings: %w", errors.Join(errs...))
	}
	return nil
}

// Environ is the process's environment.
func Environ() []string { return os.Environ() }
