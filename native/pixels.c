/* The inner loops over pixels: what is done to every byte of an overlay.
 *
 * Called by facies.imaging.native, which checks every shape; each call runs without the interpreter's lock, so that
 * stripes are made side by side on all cores. Nothing is allocated, and no function of any library is called. The loops
 * are written in bytes and without branches, for then a compiler turns them into vector instructions by itself.
 */

#include <stddef.h>
#include <stdint.h>

enum { SUB = 1, PAETH = 4, CHANNELS = 3, VALUES = 256 };

static inline uint8_t least(uint8_t a, uint8_t b) { return a < b ? a : b; }
static inline uint8_t most(uint8_t a, uint8_t b) { return a > b ? a : b; }

/* (photo * kept + added) / 255, rounded down. The sum is at most 255 * 255 + 127, and for such a sum
 * sum / 255 is (sum + 1 + (sum >> 8)) >> 8. `kept` and `added` are those of every row. */
static void mix(const uint8_t *restrict photo, const uint16_t *restrict kept, const uint16_t *restrict added,
                size_t rows, size_t row_bytes, uint8_t *restrict mixed)
{
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < row_bytes; i++) {
            uint16_t sum = (uint16_t)(photo[i] * kept[i] + added[i]);
            mixed[i] = (uint8_t)((uint16_t)(sum + 1 + (sum >> 8)) >> 8);
        }
        photo += row_bytes;
        mixed += row_bytes;
    }
}

/* What `mix` takes for columns of one colour; half of 255 is added, so that it rounds to nearest. */
static void spread(const uint8_t *colour, unsigned alpha, size_t begin, size_t end, uint16_t *restrict kept,
                   uint16_t *restrict added)
{
    for (size_t x = begin; x < end; x++)
        for (size_t channel = 0; channel < CHANNELS; channel++) {
            kept[x * CHANNELS + channel] = (uint16_t)(VALUES - 1 - alpha);
            added[x * CHANNELS + channel] = (uint16_t)(colour[channel] * alpha + (VALUES - 1) / 2);
        }
}

/* Rows of tiles that lie side by side, tile t from column edges[t] to edges[t + 1]: each filled with its colour, and
 * lined inside its edges. The first `above` and the last `below` rows are of the line. `scratch` has room for four rows. */
void facies_paint(const uint8_t *restrict photo, size_t rows, size_t row_bytes, const uint8_t *restrict colours,
                  const int64_t *restrict edges, size_t tiles, unsigned fill_alpha, unsigned line_alpha,
                  size_t line_width, size_t above, size_t below, uint16_t *restrict scratch, uint8_t *restrict painted)
{
    uint16_t *kept = scratch, *added = kept + row_bytes, *line_kept = added + row_bytes;
    uint16_t *line_added = line_kept + row_bytes;
    for (size_t tile = 0; tile < tiles; tile++) {
        const uint8_t *colour = colours + tile * CHANNELS;
        size_t left = (size_t)edges[tile], right = (size_t)edges[tile + 1], width = right - left;
        spread(colour, line_alpha, left, right, line_kept, line_added);
        spread(colour, line_alpha, left, right, kept, added);
        if (width > 2 * line_width)
            spread(colour, fill_alpha, left + line_width, right - line_width, kept, added);
    }
    size_t inside = rows - above - below;
    mix(photo, line_kept, line_added, above, row_bytes, painted);
    mix(photo + above * row_bytes, kept, added, inside, row_bytes, painted + above * row_bytes);
    mix(photo + (rows - below) * row_bytes, line_kept, line_added, below, row_bytes, painted + (rows - below) * row_bytes);
}

/* table[label][channel][value]. */
void facies_tint(const uint8_t *restrict photo, const uint8_t *restrict labels, const uint8_t *restrict table,
                 size_t pixels, uint8_t *restrict tinted)
{
    for (size_t pixel = 0; pixel < pixels; pixel++) {
        const uint8_t *channels = table + (size_t)labels[pixel] * CHANNELS * VALUES;
        for (size_t channel = 0; channel < CHANNELS; channel++) {
            size_t i = pixel * CHANNELS + channel;
            tinted[i] = channels[channel * VALUES + photo[i]];
        }
    }
}

/* What is nearest to left + above - corner, or the first of the three where several are.
 *
 * In bytes. A corner beyond both neighbours stands for the farther of them. Between them, left + above - corner is as
 * far from the lower as the corner is from the higher, and the other way round, and its way to the corner is the
 * difference of the two: so one that is at most half the other wins, else the corner. */
static inline uint8_t paeth(uint8_t left, uint8_t above, uint8_t corner)
{
    uint8_t low = least(left, above), high = most(left, above);
    uint8_t to_low = (uint8_t)(most(high, corner) - corner), to_high = (uint8_t)(corner - least(low, corner));
    uint8_t nearer = to_high <= to_low >> 1 ? high : corner;
    return to_low <= to_high >> 1 ? low : nearer;
}

/* The filter's number and what each byte differs by, row by row. The first row does without the one above it. */
void facies_filter_rows(const uint8_t *restrict rows, size_t count, size_t row_bytes, size_t pixel_bytes,
                        uint8_t *restrict filtered)
{
    *filtered++ = SUB;
    for (size_t i = 0; i < pixel_bytes; i++)
        filtered[i] = rows[i];
    for (size_t i = pixel_bytes; i < row_bytes; i++)
        filtered[i] = (uint8_t)(rows[i] - rows[i - pixel_bytes]);
    for (size_t row = 1; row < count; row++) {
        const uint8_t *above = rows;
        rows += row_bytes;
        filtered += row_bytes;
        *filtered++ = PAETH;
        for (size_t i = 0; i < pixel_bytes; i++)
            filtered[i] = (uint8_t)(rows[i] - above[i]);
        for (size_t i = pixel_bytes; i < row_bytes; i++)
            filtered[i] = (uint8_t)(rows[i] - paeth(rows[i - pixel_bytes], above[i], above[i - pixel_bytes]));
    }
}

/* The mean of every two by two pixels, rounded to nearest; at an odd edge the last row or column counts twice. */
void facies_halve(const uint8_t *restrict rows, size_t height, size_t width, size_t row_bytes,
                  uint8_t *restrict halved, size_t halved_row_bytes)
{
    for (size_t y = 0; y < height; y += 2) {
        const uint8_t *upper = rows + y * row_bytes, *lower = y + 1 < height ? upper + row_bytes : upper;
        uint8_t *mean = halved + y / 2 * halved_row_bytes;
        for (size_t x = 0; x < width; x += 2) {
            size_t left = x * CHANNELS, right = x + 1 < width ? left + CHANNELS : left;
            for (size_t channel = 0; channel < CHANNELS; channel++, left++, right++)
                *mean++ = (uint8_t)((upper[left] + upper[right] + lower[left] + lower[right] + 2) >> 2);
        }
    }
}
