package models

import "time"

// NotifyBy is how somebody wants to be told of something by mail.
type NotifyBy string

// The ways to be told.
const (
	NotifyAtOnce NotifyBy = "mail"   // A mail for each.
	NotifyDigest NotifyBy = "digest" // One mail a day.
	NotifyNever  NotifyBy = "off"
)

// NotifySettings are of what a person is told by mail, and when. What is in the pages does not depend on them, but for
// NewIssue.
type NotifySettings struct {
	UserID    int64    `gorm:"primaryKey;autoIncrement:false"`
	Assigned  NotifyBy // An issue that the person has.
	Mentioned NotifyBy // A text that names the person.
	Watching  NotifyBy // An issue that the person follows.
	NewIssue  NotifyBy // New issues in the projects of the person; pages tell of them too unless it is off.
	DigestAt  string   // "08:00", when the daily mail comes.
	QuietFrom string   // "22:00"; "": there are no quiet hours.
	QuietTo   string   // "07:00"; what happens in quiet hours comes at their end, in one mail.
	Weekend   bool     // Saturday and Sunday are quiet.
	TimeZone  string   // IANA name, "Europe/Berlin"; "": that of the server.
}

// TableName is the name of its table.
func (NotifySettings) TableName() string { return "notify_settings" }

// DefaultNotifySettings returns what holds for a person who has set nothing.
func DefaultNotifySettings(user int64) NotifySettings {
	return NotifySettings{
		UserID: user, Assigned: NotifyAtOnce, Mentioned: NotifyAtOnce, Watching: NotifyAtOnce, NewIssue: NotifyNever, DigestAt: "08:00",
	}
}

// By returns how the person wants to be told for a reason: "assigned", "mentioned", "watching" or "project".
func (s NotifySettings) By(reason string) NotifyBy {
	switch reason {
	case "assigned":
		return s.Assigned
	case "mentioned":
		return s.Mentioned
	case "project":
		return s.NewIssue
	default:
		return s.Watching
	}
}

// Silence sets how the person is told for a reason to never.
func (s *NotifySettings) Silence(reason string) {
	switch reason {
	case "assigned":
		s.Assigned = NotifyNever
	case "mentioned":
		s.Mentioned = NotifyNever
	case "project":
		s.NewIssue = NotifyNever
	case "watching":
		s.Watching = NotifyNever
	}
}

// digestMargin is how long before a daily mail its content is closed: a transaction that began earlier has ended by then.
const digestMargin = 2 * time.Minute

// When returns when the mail about something that happened at the time at is due, and whether it comes together with
// others that are due then. It reports false when there is to be none.
func (s NotifySettings) When(reason string, at time.Time) (due time.Time, together, ok bool) {
	zone := s.zone()
	switch s.By(reason) {
	case NotifyAtOnce:
		end := s.loud(at.In(zone))
		if end.Equal(at) {
			return at, false, true
		}
		if end.Sub(at) < digestMargin {
			return end, false, true
		}
		return end.UTC(), true, true
	case NotifyDigest:
		earliest := at.Add(digestMargin).In(zone)
		hour, minute := clock(s.DigestAt, 8)
		due = time.Date(earliest.Year(), earliest.Month(), earliest.Day(), hour, minute, 0, 0, zone)
		if due.Before(earliest) {
			due = time.Date(earliest.Year(), earliest.Month(), earliest.Day()+1, hour, minute, 0, 0, zone)
		}
		return s.loud(due).UTC(), true, true
	default:
		return time.Time{}, false, false
	}
}

func (s NotifySettings) zone() *time.Location {
	if s.TimeZone == "" {
		return time.Local
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil { // It was known when it was saved.
		return time.Local
	}
	return zone
}

// loud is the first time from t on that is not quiet.
func (s NotifySettings) loud(t time.Time) time.Time {
	for range 4 {
		before := t
		if s.Weekend {
			switch t.Weekday() {
			case time.Saturday:
				t = time.Date(t.Year(), t.Month(), t.Day()+2, 0, 0, 0, 0, t.Location())
			case time.Sunday:
				t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
			default:
			}
		}
		if t = s.afterQuiet(t); t.Equal(before) {
			break
		}
	}
	return t
}

// afterQuiet is t, or the end of the quiet hours that t lies in.
func (s NotifySettings) afterQuiet(t time.Time) time.Time {
	if s.QuietFrom == "" || s.QuietTo == "" || s.QuietFrom == s.QuietTo {
		return t
	}
	fromHour, fromMinute := clock(s.QuietFrom, 0)
	toHour, toMinute := clock(s.QuietTo, 0)
	for _, day := range []int{-1, 0} { // Quiet hours may have begun yesterday.
		from := time.Date(t.Year(), t.Month(), t.Day()+day, fromHour, fromMinute, 0, 0, t.Location())
		end := day
		if s.QuietTo < s.QuietFrom {
			end++
		}
		to := time.Date(t.Year(), t.Month(), t.Day()+end, toHour, toMinute, 0, 0, t.Location())
		if !t.Before(from) && t.Before(to) {
			return to
		}
	}
	return t
}

// clock reads "08:30"; what cannot be read is the hour instead.
func clock(text string, instead int) (hour, minute int) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return instead, 0
	}
	return t.Hour(), t.Minute()
}
