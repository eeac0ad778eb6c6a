package extract

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	// A degree with its parts, and the point of the compass before it or behind it.
	pointBefore = regexp.MustCompile(`([NSEOW])\s*([+-]?\d{1,3}(?:[.,]\d{1,12})?)\s*(?:[°D]\s*(?:(\d{1,2}(?:[.,]\d{1,9})?)\s*['′’]\s*(?:(\d{1,2}(?:[.,]\d{1,9})?)\s*(?:["″”]|'')?)?)?)?`)
	pointBehind = regexp.MustCompile(`([+-]?\d{1,3}(?:[.,]\d{1,12})?)\s*(?:[°D]\s*(?:(\d{1,2}(?:[.,]\d{1,9})?)\s*['′’]\s*(?:(\d{1,2}(?:[.,]\d{1,9})?)\s*(?:["″”]|'')?)?)?)?\s*([NSEOW])?`)
	// Two decimal numbers with points, parted by a comma, or with commas, parted by something else.
	pair = regexp.MustCompile(`^\s*([+-]?\d{1,3}(?:\.\d+)?)\s*[,;/ ]\s*([+-]?\d{1,3}(?:\.\d+)?)\s*$|^\s*([+-]?\d{1,3},\d+)\s*[;/ ]\s*([+-]?\d{1,3},\d+)\s*$`)
)

// coordinates reads latitude and longitude (WGS 84): "50.3569, 7.5890", "50,3569 7,5890", "N 50° 21' 24\" E 7° 35' 20\"".
// They are written with six decimals: "50.356900, 7.589000".
func coordinates(s string) (string, *Problem) {
	wrong := problem("coordinates", "value", s)
	if len(s) > 200 {
		return "", wrong
	}
	if m := pair.FindStringSubmatch(s); m != nil {
		return place(degrees(m[1]+m[3]), degrees(m[2]+m[4]), wrong)
	}
	text := strings.ToUpper(strings.TrimSpace(s))
	angle, point := pointBehind, 4
	first := 1
	if strings.IndexAny(text, "NSEOW") == 0 {
		angle, point, first = pointBefore, 1, 2
	}
	all := angle.FindAllStringSubmatch(text, 3)
	if len(all) != 2 {
		return "", wrong
	}
	var value [2]float64
	var axis [2]byte
	for i, m := range all {
		minutes, seconds := degrees(m[first+1]), degrees(m[first+2])
		if minutes >= 60 || seconds >= 60 {
			return "", wrong
		}
		value[i] = degrees(m[first])
		value[i] += math.Copysign(minutes/60+seconds/3600, value[i])
		if m[point] == "" {
			continue
		}
		if axis[i] = m[point][0]; axis[i] == 'S' || axis[i] == 'W' {
			value[i] = -math.Abs(value[i])
		}
	}
	if axis[0] != 0 && axis[1] != 0 && northern(axis[0]) == northern(axis[1]) {
		return "", wrong
	}
	if axis[0] != 0 && !northern(axis[0]) {
		value[0], value[1] = value[1], value[0]
	}
	return place(value[0], value[1], wrong)
}

func northern(axis byte) bool { return axis == 'N' || axis == 'S' }

func place(lat, long float64, wrong *Problem) (string, *Problem) {
	if math.Abs(lat) > 90 || math.Abs(long) > 180 || math.IsNaN(lat+long) {
		return "", wrong
	}
	return fmt.Sprintf("%.6f, %.6f", lat, long), nil
}

// degrees reads a number that the pattern has found; "" is 0.
func degrees(s string) float64 {
	f, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil && s != "" {
		return math.NaN()
	}
	return f
}
