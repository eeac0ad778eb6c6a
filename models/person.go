package models

import "time"

// Role is what a person may do in the whole installation.
type Role string

// The roles.
const (
	RoleAdmin    Role = "admin"    // Everything, in every project.
	RoleMember   Role = "member"   // Signs in; sees the projects of which it is a member.
	RoleCustomer Role = "customer" // Only writes mail; never signs in.
)

// User is a person: who signs in, or a customer who only writes mail.
type User struct {
	ID           int64
	Login        *string // Nil for a customer; compared octet by octet, stored in lower case.
	Name         string
	Role         Role
	PasswordHash string // argon2id in PHC form; "" cannot sign in with a password.
	Language     string // "de", "en" or "" (follow the browser).
	Theme        string // "light", "dark" or "" (follow the system).
	ListLook     string // How lists of issues look, see [ParseListLook]; "" as usual.
	CreatedAt    time.Time
	DisabledAt   *time.Time // Not nil: may neither sign in nor write by mail.
	Addresses    []string   `gorm:"-"` // addr-specs in lower case; filled by the store.
}

// ProjectRole is what a member may do in one project.
type ProjectRole string

// The roles in a project.
const (
	ProjectAdmin    ProjectRole = "admin"    // Configures inboxes and members.
	ProjectMember   ProjectRole = "member"   // Works on issues.
	ProjectReporter ProjectRole = "reporter" // Opens issues and follows the own ones; sees no internal notes.
)

// ProjectRoles lists the roles in a project, the strongest first.
func ProjectRoles() []ProjectRole {
	return []ProjectRole{ProjectAdmin, ProjectMember, ProjectReporter}
}

// Member is the membership of a user in a project.
type Member struct {
	ProjectID int64 `gorm:"primaryKey"`
	UserID    int64 `gorm:"primaryKey"`
	Role      ProjectRole
}

// Session is a sign-in in one browser. Only the hash of its token is kept.
type Session struct {
	TokenHash []byte `gorm:"primaryKey"` // SHA-256 of the cookie's value.
	UserID    int64
	Data      []byte // What the web layer keeps with it.
	Agent     string // What the browser calls itself.
	Client    string // IP address at sign-in.
	Method    string // "password", "oidc", ...
	CreatedAt time.Time
	UsedAt    *time.Time // Within a few minutes.
	ExpiresAt time.Time
}

// Token lets a program use the API in the name of a user. Only its hash is kept.
type Token struct {
	ID         int64
	UserID     int64
	Name       string
	Hash       []byte // SHA-256 of the token.
	CreatedAt  time.Time
	LastUsedAt *time.Time
	ExpiresAt  *time.Time // Nil: holds until somebody removes it.
	ReadOnly   bool       // It changes nothing.
}

// Expired reports whether a token holds no more.
func (t Token) Expired(at time.Time) bool { return t.ExpiresAt != nil && !at.Before(*t.ExpiresAt) }

// Audit is one line of the audit log: who changed what. Secrets stand in it as "set" and "changed" only.
type Audit struct {
	ID     int64
	At     time.Time
	UserID *int64 // Nil: the system or a command line.
	Action string // "inbox.update", "message.raw", "message.reprocess", ...
	Object string // "inbox:3", "message:17", ...
	Detail string // JSON: what it was and what it is.
}

// TableName is the name of its table.
func (Audit) TableName() string { return "audit" }
