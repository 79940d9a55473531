package collect

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// TestARequestLeavesItsPlaceUntilItIsAnswered looks at the free places while a cloud is silent, and after it has answered.
func TestARequestLeavesItsPlaceUntilItIsAnswered(t *testing.T) {
	c := &Collector{
		config: Config{Workers: 1}, running: map[pipeline.Kind]int{"slow": 1}, waiting: map[pipeline.Kind]int{}, silent: map[pipeline.Kind]int{},
		health: health{}, wake: make(chan struct{}, 1),
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

// TestWindowsOfASilentCloudAreNoPartOfTheCrowd fills a cloud's whole share of the crowd, and looks at what the others may begin before and
// after it has been silent for long, and when it has answered.
func TestWindowsOfASilentCloudAreNoPartOfTheCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 8
		share := health{}.share("dead", crowd*workers)
		c := &Collector{
			config: Config{Workers: workers}, running: map[pipeline.Kind]int{"dead": share}, waiting: map[pipeline.Kind]int{}, silent: map[pipeline.Kind]int{},
			health: health{}, wake: make(chan struct{}, 1), providers: map[pipeline.Kind]provider{"dead": {}, "other": {}},
		}
		room := func(when string, want int) {
			t.Helper()
			free, limits := c.room()
			if free != want || limits.PerKind["dead"] != 0 || limits.PerKind["other"] == 0 {
				t.Errorf("%s: %d places are free, %v of the kinds; want %d", when, free, limits.PerKind, want)
			}
		}
		answer := make(chan struct{})
		client := c.yielding("dead", &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			<-answer
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		})})
		var asked sync.WaitGroup
		for range share {
			asked.Go(func() {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://cloud.example", nil)
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
			})
		}
		synctest.Wait()
		room("at first", crowd*workers-share)
		time.Sleep(silence)
		synctest.Wait()
		room("after a silence", workers)
		c.running["other"] = crowd * workers
		c.waiting["other"] = crowd * workers
		if free, _ := c.room(); free != 0 {
			t.Errorf("%d places are free beside a crowd of others", free)
		}
		delete(c.running, "other")
		delete(c.waiting, "other")
		close(answer)
		asked.Wait()
		if c.silent["dead"] != 0 {
			t.Errorf("%d windows are silent after the answers", c.silent["dead"])
		}
	})
}
