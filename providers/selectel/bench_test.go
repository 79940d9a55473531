package selectel

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// BenchmarkDay reads and maps one day of 50 resources with four metrics each: what one sync of one connection costs beside the
// network.
func BenchmarkDay(b *testing.B) {
	var body strings.Builder
	body.WriteString(`{"status":"success","data":[`)
	for hour := range 24 {
		for i := range 200 {
			if hour+i > 0 {
				body.WriteString(",")
			}
			fmt.Fprintf(&body, `{"account_id":"123456","provider_key":"vpc","value":%d,"period":"2026-01-10T%02d:00:00","provision_end":"2026-01-10T15:00:00",`+
				`"project":{"id":"a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4","name":"prod"},"object":{"id":"801095a0-0000-4000-8000-%012d","name":"web-%d","type":"cloud_vm",`+
				`"parent_id":"a1b2","parent_name":"prod"},"metric":{"id":"compute_%d","name":"vCPU","quantity":2,"unit":"item","region":"ru-3"}}`, 20+i, hour, i/4, i/4, i%4)
		}
	}
	body.WriteString(`]}`)
	answer := []byte(body.String())
	d := span{time.Date(2026, 1, 9, 21, 0, 0, 0, time.UTC), time.Date(2026, 1, 10, 21, 0, 0, 0, time.UTC)}
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		rows, err := readConsumption(bytes.NewReader(answer))
		if err != nil {
			b.Fatal(err)
		}
		charges, _ := newMapper("123456", nil, nil, pipeline.Russian).charges(rows, d)
		if len(charges) != 4800 {
			b.Fatal(len(charges))
		}
	}
}
