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
		heard: map[pipeline.Kind]time.Time{}, health: health{}, wake: make(chan struct{}, 1),
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

// TestADeadCloudLeavesTheCrowdToTheOthers has a cloud of which nothing was heard: few of its windows are begun, when it stays silent they
// are no part of the crowd, and its first answer lets more of them begin.
func TestADeadCloudLeavesTheCrowdToTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 8
		c := &Collector{
			config: Config{Workers: workers}, running: map[pipeline.Kind]int{}, waiting: map[pipeline.Kind]int{}, silent: map[pipeline.Kind]int{},
			heard: map[pipeline.Kind]time.Time{}, health: health{}, wake: make(chan struct{}, 1), providers: map[pipeline.Kind]provider{"dead": {}, "other": {}},
		}
		room := func(when string, free, dead int) {
			t.Helper()
			got, limits := c.room()
			if got != free || limits.PerKind["dead"] != dead {
				t.Errorf("%s: %d places are free, %d for the cloud; want %d and %d", when, got, limits.PerKind["dead"], free, dead)
			}
		}
		room("at first", workers, workers/4)
		c.running["dead"] = workers / 4
		c.running["other"] = crowd*workers - workers/4
		c.waiting["other"] = c.running["other"]
		answer := make(chan struct{})
		client := c.yielding("dead", &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			<-answer
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		})})
		var asked sync.WaitGroup
		for range workers / 4 {
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
		room("when all have begun", 0, 0)
		<-time.After(silence)
		synctest.Wait()
		room("after a silence", workers/4, 0)
		close(answer)
		asked.Wait()
		c.waiting["dead"] = c.running["dead"]
		room("after an answer", 0, health{}.share("dead", workers))
		<-time.After(hearing)
		room("long after it", 0, 0)
		if c.silent["dead"] != 0 {
			t.Errorf("%d windows are silent after the answers", c.silent["dead"])
		}
	})
}
