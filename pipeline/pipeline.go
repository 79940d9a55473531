// Package pipeline holds the nouns of InfraZen and the contract that every cloud fulfils.
//
// It does no input or output and never asks for the time: whoever needs "now" passes it in. Money is
// [decimal.Decimal] from the wire to the screen. Instants are stored in UTC; a day is a day in a named zone.
// Cost columns carry the names of the FOCUS specification 1.2, infrastructure those of OpenStack.
package pipeline

import "fmt"

// Identifiers are UUIDs in their canonical text form.
type (
	// TenantID names an organisation whose data nobody else may see.
	TenantID string
	// ConnectionID names one account of one cloud connected by a tenant.
	ConnectionID string
	// UserID names a person.
	UserID string
)

// Lang is a language that InfraZen speaks.
type Lang string

// The languages of the product. Russian is the default.
const (
	Russian Lang = "ru"
	English Lang = "en"
)

// Text is a sentence or a label in both languages of the product.
type Text struct {
	RU string `json:"ru"`
	EN string `json:"en"`
}

// In returns the text in lang, Russian when lang is unknown.
func (t Text) In(lang Lang) string {
	if lang == English {
		return t.EN
	}
	return t.RU
}

// Textf formats both languages with the same arguments.
func Textf(ru, en string, args ...any) Text {
	return Text{RU: fmt.Sprintf(ru, args...), EN: fmt.Sprintf(en, args...)}
}

// IsZero tells whether neither language has a word.
func (t Text) IsZero() bool { return t.RU == "" && t.EN == "" }
