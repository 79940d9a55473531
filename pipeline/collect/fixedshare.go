package collect

import (
	"math/big"
	"math/bits"
)

// nano is 10^-9 in the units of fixed.
const nano = 1_000_000_000

// share is f * part / whole, cut towards zero: to 9 digits after the point when all three have no more, so that hours stay short,
// or else to 18. whole is not zero.
func (f fixed) share(part, whole fixed) fixed {
	n := new(big.Int).Mul(f.big(), part.big())
	n.Quo(n, whole.big())
	return shorten(n, f.short() && part.short() && whole.short())
}

// over is the share of one of so many hours, cut likewise.
func (f fixed) over(hours int) fixed {
	n := f.big()
	return shorten(n.Quo(n, big.NewInt(int64(hours))), f.short())
}

func shorten(n *big.Int, short bool) fixed {
	if short {
		n.Quo(n, big.NewInt(nano))
		n.Mul(n, big.NewInt(nano))
	}
	out, err := fixedOfBig(n)
	if err != nil { // a share of what is held is no wider than that
		return fixed{}
	}
	return out
}

// short tells whether there are at most 9 digits after the point.
func (f fixed) short() bool {
	return new(big.Int).Rem(f.big(), big.NewInt(nano)).Sign() == 0
}

func (f fixed) big() *big.Int {
	n := big.NewInt(f.hi)
	n.Lsh(n, 64)
	return n.Add(n, new(big.Int).SetUint64(f.lo))
}

func (f fixed) abs() fixed {
	if f.hi < 0 {
		return f.neg()
	}
	return f
}

// less tells whether f is less than o; neither is negative.
func (f fixed) less(o fixed) bool {
	_, borrow := bits.Sub64(f.lo, o.lo, 0)
	return f.hi < o.hi || f.hi == o.hi && borrow == 1
}
