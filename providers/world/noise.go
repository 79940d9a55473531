package world

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"
)

// Dice are the chances of one thing at one instant: the same at every call.
func Dice(seed uint64, name string, at int64) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%s/%d", seed, name, at) // a hash takes everything
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// keyOf is where the noise of one thing begins: a hash (FNV-1a) of its identifier.
func keyOf(seed uint64, id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return mix(seed, int64(h>>1))
}

// mix gives 64 bits that look random: the finalizer of splitmix64.
func mix(key uint64, n int64) uint64 {
	z := key + uint64(n)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// normal has about a normal distribution with a mean of 0 and a standard deviation of 1: the sum of four uniform numbers.
func normal(bits uint64) float64 {
	sum := bits&0xffff + bits>>16&0xffff + bits>>32&0xffff + bits>>48
	return (float64(sum)/65536 - 2) * math.Sqrt(3)
}

// share is a number in [0, 1).
func share(bits uint64) float64 { return float64(bits>>11) / (1 << 53) }

// white is noise of which one minute knows nothing of the next.
func white(key uint64, t time.Time) float64 { return normal(mix(key^0x5a5a, floorDiv(t.Unix(), 60))) }

// wave is noise with a mean of 0 and a standard deviation of 1 that changes within about the time given.
func wave(key uint64, t time.Time, within time.Duration) float64 {
	step := int64(within / time.Second)
	n := floorDiv(t.Unix(), step)
	x := float64(t.Unix()-n*step) / float64(step)
	key += uint64(step)
	v := normal(mix(key, n))*(1-x) + normal(mix(key, n+1))*x
	return v / math.Sqrt(x*x+(1-x)*(1-x))
}

// skewed is noise with a mean of 0, a standard deviation of 1 and a long tail upwards: the exponential of normal noise. What
// share of it lasts for minutes and for hours follows from traces of real machines.
func skewed(key uint64, t time.Time) float64 {
	g := math.Sqrt(0.72)*white(key, t) + math.Sqrt(0.16)*wave(key, t, 30*time.Minute) + math.Sqrt(0.12)*wave(key, t, 5*time.Hour)
	const mean, deviation = 1.648721, 2.161197 // of the exponential of a normal number
	return (math.Exp(g) - mean) / deviation
}

// burst is how much of the way to full load a burst pushes at an instant, 0 to 1. Every two hours have at most one.
func (l Load) burst(key uint64, t time.Time) float64 {
	const slot = int64(2 * time.Hour / time.Second)
	n := floorDiv(t.Unix(), slot)
	for _, at := range []int64{n, n - 1} {
		bits := mix(key^0xb0b0, at)
		if share(bits) >= l.Bursts/12 {
			continue
		}
		from := at*slot + int64(share(mix(bits, 1))*float64(slot))
		if long := 300 + int64(share(mix(bits, 2))*2400); t.Unix() >= from && t.Unix() < from+long {
			return 0.3 + 0.7*share(mix(bits, 3))
		}
	}
	return 0
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
