// Package models holds the nouns of Letterbox: plain structs and the states they can be in. It imports the standard
// library only and knows neither a database nor a mail server.
//
// Times are UTC, sizes are octets. The gorm tags name columns that do not follow from the field's name.
package models
