package collect

import (
	"errors"
	"math/big"
	"math/bits"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// Errors of a number that the ledger cannot hold.
var (
	errTooFine = errors.New("more than 18 digits after the point")
	errTooWide = errors.New("more than 20 digits before the point")
)

// fixed is an exact number of 10^-18, as a 128-bit two's complement. Slices are compared in it: it has no pointers
// and two equal numbers have equal bits.
type fixed struct {
	hi int64
	lo uint64
}

var powersOfTen = [...]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// fixedOf converts d. It fails rather than round.
func fixedOf(d decimal.Decimal) (fixed, error) {
	shift := int(d.Exponent()) + pipeline.MoneyScale
	if shift < 0 || shift > 19 || d.NumDigits() > 18 {
		return fixedOfLarge(d)
	}
	c := d.CoefficientInt64()
	abs := uint64(c)
	if c < 0 {
		abs = -abs
	}
	hi, lo := bits.Mul64(abs, powersOfTen[shift])
	f := fixed{hi: int64(hi), lo: lo}
	if c < 0 {
		f = f.neg()
	}
	return f, nil
}

func fixedOfLarge(d decimal.Decimal) (fixed, error) {
	if d.IsZero() {
		return fixed{}, nil
	}
	if d.Exponent() > 2*pipeline.MoneyScale || d.Exponent() < -1000 {
		return fixed{}, errTooWide
	}
	c, shift := d.Coefficient(), int64(d.Exponent())+pipeline.MoneyScale
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(shift, -shift)), nil)
	if shift >= 0 {
		c.Mul(c, power)
	} else {
		var rest big.Int
		c.QuoRem(c, power, &rest)
		if rest.Sign() != 0 {
			return fixed{}, errTooFine
		}
	}
	return fixedOfBig(c)
}

func fixedOfBig(c *big.Int) (fixed, error) {
	if c.BitLen() > 127 {
		return fixed{}, errTooWide
	}
	abs := new(big.Int).Abs(c)
	f := fixed{
		hi: int64(new(big.Int).Rsh(abs, 64).Uint64()),
		lo: new(big.Int).And(abs, new(big.Int).SetUint64(1<<64-1)).Uint64(),
	}
	if c.Sign() < 0 {
		f = f.neg()
	}
	if f.tooWide() {
		return fixed{}, errTooWide
	}
	return f, nil
}

// widest is 10^38: the ledger keeps 38 digits.
var widest = fixed{hi: 0x4b3b4ca85a86c47a, lo: 0x098a224000000000}

func (f fixed) tooWide() bool {
	if f.hi < 0 {
		f = f.neg()
	}
	return f.hi < 0 || f.hi > widest.hi || f.hi == widest.hi && f.lo >= widest.lo
}

func (f fixed) neg() fixed {
	lo, borrow := bits.Sub64(0, f.lo, 0)
	hi, _ := bits.Sub64(0, uint64(f.hi), borrow)
	return fixed{hi: int64(hi), lo: lo}
}

func (f fixed) add(o fixed) fixed {
	lo, carry := bits.Add64(f.lo, o.lo, 0)
	hi, _ := bits.Add64(uint64(f.hi), uint64(o.hi), carry)
	return fixed{hi: int64(hi), lo: lo}
}

func (f fixed) decimal() decimal.Decimal {
	if f.hi == 0 && f.lo>>63 == 0 || f.hi == -1 && f.lo>>63 == 1 {
		return decimal.New(int64(f.lo), -pipeline.MoneyScale)
	}
	c := big.NewInt(f.hi)
	c.Lsh(c, 64)
	c.Add(c, new(big.Int).SetUint64(f.lo))
	return decimal.NewFromBigInt(c, -pipeline.MoneyScale)
}

// sums are pipeline.Measures in a form that compares and adds without allocation.
type sums struct {
	lines, unpriced int64
	numbers         [6]fixed
}

func sumsOf(m *pipeline.Measures) (sums, error) {
	s := sums{lines: m.LineCount, unpriced: m.UnpricedCount}
	for i, d := range [...]*decimal.Decimal{
		&m.BilledCost, &m.EffectiveCost, &m.ListCost, &m.ContractedCost, &m.ConsumedQuantity, &m.PricingQuantity,
	} {
		f, err := fixedOf(*d)
		if err != nil {
			return sums{}, err
		}
		s.numbers[i] = f
	}
	return s, nil
}

func (s sums) add(o sums) sums {
	s.lines += o.lines
	s.unpriced += o.unpriced
	for i := range s.numbers {
		s.numbers[i] = s.numbers[i].add(o.numbers[i])
	}
	return s
}

func (s sums) neg() sums {
	s.lines, s.unpriced = -s.lines, -s.unpriced
	for i := range s.numbers {
		s.numbers[i] = s.numbers[i].neg()
	}
	return s
}

func (s *sums) tooWide() bool {
	for i := range s.numbers {
		if s.numbers[i].tooWide() {
			return true
		}
	}
	return false
}

func (s *sums) measures() pipeline.Measures {
	return pipeline.Measures{
		LineCount: s.lines, UnpricedCount: s.unpriced,
		BilledCost: s.numbers[0].decimal(), EffectiveCost: s.numbers[1].decimal(),
		ListCost: s.numbers[2].decimal(), ContractedCost: s.numbers[3].decimal(),
		ConsumedQuantity: s.numbers[4].decimal(), PricingQuantity: s.numbers[5].decimal(),
	}
}
