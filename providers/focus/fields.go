package focus

import "github.com/infrazen/infrazen/pipeline"

// The names of the settings.
const (
	setSource    = "source"
	setFolder    = "folder"
	setEndpoint  = "endpoint"
	setRegion    = "region"
	setBucket    = "bucket"
	setPrefix    = "prefix"
	setAccessKey = "access_key"
	setSecretKey = "secret_key"
	setPathStyle = "path_style"

	sourceFolder = "folder"
	sourceS3     = "s3"
	yes          = "yes"
	no           = "no"
)

func fields(v Variant, o Options) []pipeline.Field {
	out := []pipeline.Field{sourceField(o)}
	if o.FolderRoot != "" {
		out = append(out, folderField())
	}
	return append(out, bucketFields(v)...)
}

func sourceField(o Options) pipeline.Field {
	f := pipeline.Field{
		Name:     setSource,
		Label:    pipeline.Text{RU: "Откуда брать файлы", EN: "Where the files are"},
		Help:     pipeline.Text{RU: "Файлы перечитываются, когда меняются.", EN: "Files are read again when they change."},
		Required: true,
		Default:  sourceS3,
	}
	if o.FolderRoot != "" {
		f.Options = append(f.Options, pipeline.Option{
			Value: sourceFolder, Label: pipeline.Text{RU: "Папка на сервере InfraZen", EN: "A folder on the InfraZen server"},
		})
	}
	f.Options = append(f.Options, pipeline.Option{
		Value: sourceS3, Label: pipeline.Text{RU: "S3-совместимое хранилище", EN: "An S3-compatible bucket"},
	})
	return f
}

func folderField() pipeline.Field {
	return pipeline.Field{
		Name:  setFolder,
		Label: pipeline.Text{RU: "Папка", EN: "Folder"},
		Help: pipeline.Text{
			RU: "Путь внутри каталога, который разрешил администратор; читаются и вложенные папки. Нужна, если файлы в папке.",
			EN: "A path within the directory that the operator allows; folders beneath it are read too. Needed when the files are in a folder.",
		},
	}
}

func bucketFields(v Variant) []pipeline.Field {
	return []pipeline.Field{
		{
			Name:    setEndpoint,
			Label:   pipeline.Text{RU: "Адрес хранилища", EN: "Endpoint"},
			Help:    pipeline.Text{RU: "Например, https://storage.yandexcloud.net. Пусто — AWS.", EN: "Such as https://storage.yandexcloud.net. Empty means AWS."},
			Default: v.Endpoint,
		},
		{
			Name:    setRegion,
			Label:   pipeline.Text{RU: "Регион", EN: "Region"},
			Help:    pipeline.Text{RU: "Как его называет хранилище, например ru-central1.", EN: "As the storage names it, such as eu-central-1."},
			Default: v.Region,
		},
		{
			Name:  setBucket,
			Label: pipeline.Text{RU: "Бакет", EN: "Bucket"},
			Help:  pipeline.Text{RU: "Нужен, если файлы в хранилище.", EN: "Needed when the files are in a bucket."},
		},
		{
			Name:  setPrefix,
			Label: pipeline.Text{RU: "Префикс", EN: "Prefix"},
			Help:  pipeline.Text{RU: "Читаются только файлы, чей ключ так начинается. Пусто — весь бакет.", EN: "Only files whose key begins so are read. Empty means the whole bucket."},
		},
		{
			Name:  setAccessKey,
			Label: pipeline.Text{RU: "Идентификатор ключа доступа", EN: "Access key ID"},
			Help:  pipeline.Text{RU: "Достаточно прав на чтение: ListBucket и GetObject.", EN: "Rights to read suffice: ListBucket and GetObject."},
		},
		{
			Name:   setSecretKey,
			Label:  pipeline.Text{RU: "Секретный ключ", EN: "Secret key"},
			Secret: true,
		},
		{
			Name:     setPathStyle,
			Label:    pipeline.Text{RU: "Имя бакета в пути", EN: "Bucket name in the path"},
			Help:     pipeline.Text{RU: "Да — адрес/бакет/ключ, нет — бакет.адрес/ключ. По умолчанию да, когда адрес задан.", EN: "Yes: endpoint/bucket/key; no: bucket.endpoint/key. Yes by default when an endpoint is given."},
			Advanced: true,
			Options: []pipeline.Option{
				{Value: yes, Label: pipeline.Text{RU: "Да", EN: "Yes"}},
				{Value: no, Label: pipeline.Text{RU: "Нет", EN: "No"}},
			},
		},
	}
}
