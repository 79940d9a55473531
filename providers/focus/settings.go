package focus

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// config is a connection's settings, checked.
type config struct {
	kind   string
	folder string
	bucket bucketConfig
}

type bucketConfig struct {
	endpoint, region, bucket, prefix, accessKey, secretKey string
	pathStyle                                              bool
}

func parseSettings(s pipeline.Settings, v Variant, o Options) (config, error) {
	get := func(name string) string { return strings.TrimSpace(s[name]) }
	switch kind := get(setSource); kind {
	case sourceFolder:
		folder, err := parseFolder(get(setFolder), o.FolderRoot)
		return config{kind: kind, folder: folder}, err
	case sourceS3:
		b, err := parseBucket(get, v)
		return config{kind: sourceS3, bucket: b}, err
	case "":
		return config{}, newFault(pipeline.FaultSettings, setSource,
			"Не указано, откуда брать файлы. Выберите folder (папка) или s3 (хранилище).",
			"It is not said where the files are. Choose folder or s3.")
	default:
		return config{}, newFault(pipeline.FaultSettings, setSource,
			"Поле «Откуда брать файлы»: значение «%s» неизвестно. Выберите folder (папка) или s3 (хранилище).",
			"Field \"Where the files are\": the value %q is not known. Choose folder or s3.", kind)
	}
}

// parseFolder gives the folder's path relative to the root.
func parseFolder(folder, root string) (string, error) {
	if root == "" {
		return "", newFault(pipeline.FaultSettings, setFolder,
			"Чтение из папок на этом сервере выключено. Попросите администратора задать каталог для файлов FOCUS или выберите S3-совместимое хранилище.",
			"Reading from folders is turned off on this server. Ask the operator to set the directory for FOCUS files, or choose an S3-compatible bucket.")
	}
	if folder == "" {
		return "", newFault(pipeline.FaultSettings, setFolder,
			"Не указана папка. Впишите путь внутри каталога, который разрешил администратор; точка означает весь каталог.",
			"No folder is given. Enter a path within the directory that the operator allows; a dot means all of it.")
	}
	if filepath.IsAbs(folder) {
		rel, err := filepath.Rel(root, folder)
		if err != nil {
			return "", faultOutside(folder)
		}
		folder = rel
	}
	folder = filepath.Clean(folder)
	if !filepath.IsLocal(folder) {
		return "", faultOutside(folder)
	}
	return folder, nil
}

func faultOutside(folder string) *pipeline.Fault {
	return newFault(pipeline.FaultSettings, setFolder,
		"Папка «%s» лежит вне каталога, который разрешил администратор. Укажите папку внутри него.",
		"The folder %q lies outside the directory that the operator allows. Name a folder within it.", folder)
}

func parseBucket(get func(string) string, v Variant) (bucketConfig, error) {
	b := bucketConfig{
		endpoint: get(setEndpoint), region: get(setRegion), bucket: get(setBucket), prefix: get(setPrefix),
		accessKey: get(setAccessKey), secretKey: get(setSecretKey),
	}
	if b.endpoint == "" {
		b.endpoint = v.Endpoint
	}
	if b.region == "" {
		b.region = v.Region
	}
	if err := b.parseEndpoint(); err != nil {
		return b, err
	}
	if err := b.missing(); err != nil {
		return b, err
	}
	switch get(setPathStyle) {
	case "":
		b.pathStyle = b.endpoint != ""
	case yes, "true", "1":
		b.pathStyle = true
	case no, "false", "0":
	default:
		return b, newFault(pipeline.FaultSettings, setPathStyle,
			"Поле «Имя бакета в пути»: выберите yes (да) или no (нет).", "Field \"Bucket name in the path\": choose yes or no.")
	}
	return b, nil
}

func (b *bucketConfig) parseEndpoint() error {
	if b.endpoint == "" {
		return nil
	}
	if !strings.Contains(b.endpoint, "://") {
		b.endpoint = "https://" + b.endpoint
	}
	u, err := url.Parse(b.endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "" {
		return newFault(pipeline.FaultSettings, setEndpoint,
			"Адрес хранилища записан неверно. Нужен адрес вида https://storage.example.ru без имени бакета и ключей.",
			"The endpoint is not an address. It must look like https://storage.example.com, without bucket name or keys.")
	}
	return nil
}

func (b *bucketConfig) missing() error {
	need := []struct{ value, name, ru, en string }{
		{b.bucket, setBucket, "Бакет", "Bucket"},
		{b.region, setRegion, "Регион", "Region"},
		{b.accessKey, setAccessKey, "Идентификатор ключа доступа", "Access key ID"},
		{b.secretKey, setSecretKey, "Секретный ключ", "Secret key"},
	}
	for _, n := range need {
		if n.value == "" {
			return &pipeline.Fault{
				Code: pipeline.FaultSettings, Scope: n.name,
				Text: pipeline.Text{RU: "Заполните поле «" + n.ru + "».", EN: "Fill in the field \"" + n.en + "\"."},
			}
		}
	}
	if strings.ContainsAny(b.bucket, "/ :") {
		return newFault(pipeline.FaultSettings, setBucket,
			"Имя бакета не содержит «/», «:» и пробелов. Путь внутри бакета впишите в поле «Префикс».",
			"A bucket's name has no \"/\", \":\" or blank. Put the path within the bucket into the field \"Prefix\".")
	}
	return nil
}
