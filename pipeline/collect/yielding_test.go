package collect

import (
	"net/http"
	"testing"

	"github.com/infrazen/infrazen/pipeline"
)

// TestARequestLeavesItsPlaceUntilItIsAnswered looks at the free places while a cloud is silent, and after it has answered.
func TestARequestLeavesItsPlaceUntilItIsAnswered(t *testing.T) {
	c := &Collector{
		config: Config{Workers: 1}, running: map[pipeline.Kind]int{"slow": 1}, waiting: map[pipeline.Kind]int{}, health: health{}, wake: make(chan struct{}, 1),
		providers: map[pipeline.Kind]provider{"slow": {}, "other": {}},
	}
	free := func(want int) {
		t.Helper()
		if got, _ := c.room(); got != want {
			t.Errorf("%d places are free, want %d", got, want)
		}
	}
	free(0)
	client := c.yielding("slow", &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		free(1)
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://cloud.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	free(0)
	select {
	case <-c.wake:
	default:
		t.Error("nobody was told of the free place")
	}
}
