/* Deflate for the filtered bytes of a photo, which are noise with runs of one byte in it.
 *
 * Looking for repetitions further back takes long and finds next to nothing there, so runs are all that counts; a run is
 * a repetition at distance 1. The rest is Huffman codes, made anew for every block. Called by facies.imaging.native.
 * Nothing is allocated; what is needed on the way, 50 KiB, lies on the stack.
 *
 * Source: RFC 1951.
 */

#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The bits are gathered in words whose lowest byte comes first."
#endif

enum {
    END = 256,
    FIRST_LENGTH = 257,
    SYMBOLS = 286,   /* bytes, the end of a block, and lengths */
    CODE_LENGTHS = 19,
    MOST_BITS = 15,
    DISTANCES = 2,   /* distance 1, and another that is never used: some readers refuse a tree with one leaf */
    SHORTEST = 4,    /* codes for three bytes are seldom longer than those of a length and a distance */
    LONGEST = 258,
    TOKENS = 1 << 14, /* of a block: few enough for codes that fit what is near, and enough to pay for them */
    KINDS = END + LONGEST + 1, /* of tokens */
    SPELT_BITS = 24, /* of a token as it is written, 21 at most; above them stands how many they are */
    AT_ONCE = 8      /* bytes in a word */
};

static const uint64_t HIGHEST_BITS = 0x8080808080808080;

/* ---- bits ---- */

typedef struct {
    uint8_t *next;
    uint64_t bits; /* not yet written, the first of them lowest */
    unsigned count;
} Writer;

static inline void put(Writer *writer, uint32_t bits, unsigned count)
{
    writer->bits |= (uint64_t)bits << writer->count;
    writer->count += count;
}

/* Writes whole bytes; up to 57 bits may be put between two calls. Overwrites the 8 bytes that come next. */
static inline void flush(Writer *writer)
{
    __builtin_memcpy(writer->next, &writer->bits, sizeof writer->bits);
    writer->next += writer->count >> 3;
    writer->bits >>= writer->count & ~7u;
    writer->count &= 7;
}

static inline void put_whole(Writer *writer, uint32_t bits, unsigned count)
{
    put(writer, bits, count);
    flush(writer);
}

/* ---- Huffman codes ---- */

typedef struct {
    uint16_t bits;  /* the first of them lowest */
    uint8_t length; /* 0: the symbol does not occur */
} Code;

/* The symbols that occur, rarest first; returns how many there are. */
static unsigned by_count(const uint32_t *counts, unsigned symbols, uint16_t *order)
{
    unsigned used = 0;
    for (unsigned symbol = 0; symbol < symbols; symbol++)
        if (counts[symbol])
            order[used++] = (uint16_t)symbol;
    for (unsigned gap = 121; gap; gap /= 3)
        for (unsigned i = gap; i < used; i++) {
            uint16_t symbol = order[i];
            unsigned to = i;
            for (; to >= gap && counts[order[to - gap]] > counts[symbol]; to -= gap)
                order[to] = order[to - gap];
            order[to] = symbol;
        }
    return used;
}

/* How many leaves of Huffman's tree lie how deep; what lies deeper than `most` counts there. Leaves are given rarest
 * first, so the joined nodes come out rarest first too, and the two rarest are always at the heads of two queues. */
static void count_depths(const uint32_t *counts, const uint16_t *order, unsigned used, unsigned most, uint32_t *leaves)
{
    uint32_t weight[2 * SYMBOLS];
    uint16_t parent[2 * SYMBOLS];
    uint16_t depth[2 * SYMBOLS];
    unsigned leaf = 0, joined = used, root = 2 * used - 2;
    for (unsigned i = 0; i < used; i++)
        weight[i] = counts[order[i]];
    for (unsigned node = used; node <= root; node++) {
        weight[node] = 0;
        for (unsigned child = 0; child < 2; child++) {
            int takes_leaf = leaf < used && (joined == node || weight[leaf] <= weight[joined]);
            unsigned taken = takes_leaf ? leaf++ : joined++;
            weight[node] += weight[taken];
            parent[taken] = (uint16_t)node;
        }
    }
    depth[root] = 0;
    for (unsigned node = root; node-- > 0;) {
        depth[node] = (uint16_t)(depth[parent[node]] + 1);
        if (node < used)
            leaves[depth[node] < most ? depth[node] : most]++;
    }
}

/* Makes room for the leaves that were lifted to `most`: each time one of the next higher level goes down, with one of
 * the lowest beside it, until the tree holds them all. */
static void make_room(uint32_t *leaves, unsigned most)
{
    uint32_t taken = 0;
    for (unsigned length = 1; length <= most; length++)
        taken += leaves[length] << (most - length);
    for (; taken > 1u << most; taken--) {
        unsigned length = most - 1;
        while (!leaves[length])
            length--;
        leaves[length]--;
        leaves[length + 1] += 2;
        leaves[most]--;
    }
}

/* Numbers the codes as RFC 1951, section 3.2.2, has it, their bits turned round. */
static void number_codes(Code *codes, unsigned symbols, const uint32_t *leaves)
{
    uint32_t next[MOST_BITS + 1], code = 0;
    next[0] = 0;
    for (unsigned length = 1; length <= MOST_BITS; length++) {
        code = (code + (length > 1 ? leaves[length - 1] : 0)) << 1;
        next[length] = code;
    }
    for (unsigned symbol = 0; symbol < symbols; symbol++) {
        uint32_t number = next[codes[symbol].length]++, turned = 0;
        for (unsigned bit = 0; bit < codes[symbol].length; bit++)
            turned |= (number >> bit & 1) << (codes[symbol].length - 1 - bit);
        codes[symbol].bits = (uint16_t)turned;
    }
}

/* Codes of at most `most` bits. There are always two at least, for some readers refuse a tree with one leaf. */
static void make_codes(const uint32_t *given, unsigned symbols, unsigned most, Code *codes)
{
    uint32_t counts[SYMBOLS], leaves[MOST_BITS + 1] = {0};
    uint16_t order[SYMBOLS];
    for (unsigned symbol = 0; symbol < symbols; symbol++) {
        counts[symbol] = given[symbol];
        codes[symbol].length = 0;
    }
    unsigned used = by_count(counts, symbols, order);
    for (unsigned symbol = 0; used < 2; symbol++)
        if (!counts[symbol]) {
            counts[symbol] = 1;
            used = by_count(counts, symbols, order);
        }
    count_depths(counts, order, used, most, leaves);
    make_room(leaves, most);
    unsigned i = 0;
    for (unsigned length = most; length; length--)
        for (uint32_t leaf = 0; leaf < leaves[length]; leaf++)
            codes[order[i++]].length = (uint8_t)length;
    number_codes(codes, symbols, leaves);
}

/* ---- a block ---- */

/* A token is a byte, or END and the length of a run. */
typedef struct {
    uint16_t tokens[TOKENS + AT_ONCE];
    unsigned count;
} Block;

/* Symbol, number of extra bits, and these of a length; RFC 1951, section 3.2.5. */
typedef struct {
    uint16_t symbol;
    uint8_t extra_count;
    uint8_t extra;
} Length;

static inline Length take_length(unsigned length)
{
    unsigned beyond = length - 3, top = 0;
    if (length == LONGEST)
        return (Length){SYMBOLS - 1, 0, 0};
    if (beyond < 8)
        return (Length){(uint16_t)(FIRST_LENGTH + beyond), 0, 0};
    while (beyond >> (top + 1))
        top++;
    return (Length){(uint16_t)(FIRST_LENGTH + 4 * (top - 1) + (beyond >> (top - 2) & 3)), (uint8_t)(top - 2),
                    (uint8_t)(beyond & ((1u << (top - 2)) - 1))};
}

/* The lengths of all codes, runs of them shortened; RFC 1951, section 3.2.7. */
static void write_codes(Writer *writer, const Code *symbols, unsigned symbol_count)
{
    enum { REPEAT = 16, ZEROS = 17, MANY_ZEROS = 18, MOST = SYMBOLS + DISTANCES };
    static const uint8_t order[CODE_LENGTHS] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    static const uint8_t extra_counts[CODE_LENGTHS] = {[REPEAT] = 2, [ZEROS] = 3, [MANY_ZEROS] = 7};
    uint8_t lengths[MOST], found[MOST], extras[MOST];
    unsigned total = 0, count = 0, sent = CODE_LENGTHS;
    uint32_t counts[CODE_LENGTHS] = {0};
    Code codes[CODE_LENGTHS];
    for (unsigned symbol = 0; symbol < symbol_count; symbol++)
        lengths[total++] = symbols[symbol].length;
    for (unsigned distance = 0; distance < DISTANCES; distance++)
        lengths[total++] = 1;
    for (unsigned i = 0, run; i < total; i += run, count++) {
        uint8_t length = lengths[i];
        for (run = 1; i + run < total && lengths[i + run] == length && run < 138; run++)
            ;
        found[count] = length;
        extras[count] = 0;
        if (!length && run >= 11) {
            found[count] = MANY_ZEROS;
            extras[count] = (uint8_t)(run - 11);
        } else if (!length && run >= 3) {
            found[count] = ZEROS;
            extras[count] = (uint8_t)(run - 3);
        } else if (i && lengths[i - 1] == length && run >= 3) {
            run = run < 6 ? run : 6;
            found[count] = REPEAT;
            extras[count] = (uint8_t)(run - 3);
        } else {
            run = 1;
        }
        counts[found[count]]++;
    }
    make_codes(counts, CODE_LENGTHS, 7, codes);
    while (sent > 4 && !codes[order[sent - 1]].length)
        sent--;
    put_whole(writer, (symbol_count - FIRST_LENGTH) | (DISTANCES - 1) << 5 | (sent - 4) << 10, 14);
    for (unsigned i = 0; i < sent; i++)
        put_whole(writer, codes[order[i]].length, 3);
    for (unsigned i = 0; i < count; i++) {
        put(writer, codes[found[i]].bits, codes[found[i]].length);
        put_whole(writer, extras[i], extra_counts[found[i]]);
    }
}

/* How often each token comes, counted in four tables by turns: one byte is far more frequent than all others, and in a
 * single table each step would wait for the one before. */
static void count_tokens(const Block *block, uint32_t *counts)
{
    enum { TABLES = 4 };
    uint32_t tables[TABLES][KINDS] = {{0}};
    unsigned i = 0;
    for (; i + TABLES <= block->count; i += TABLES)
        for (unsigned table = 0; table < TABLES; table++)
            tables[table][block->tokens[i + table]]++;
    for (; i < block->count; i++)
        tables[0][block->tokens[i]]++;
    for (unsigned kind = 0; kind < KINDS; kind++)
        counts[kind] = tables[0][kind] + tables[1][kind] + tables[2][kind] + tables[3][kind];
}

/* How often each symbol of RFC 1951 comes. */
static void count_symbols(const uint32_t *tokens, uint32_t *symbols)
{
    for (unsigned symbol = 0; symbol < SYMBOLS; symbol++)
        symbols[symbol] = symbol < END ? tokens[symbol] : 0;
    symbols[END] = 1;
    for (unsigned length = SHORTEST; length <= LONGEST; length++)
        symbols[take_length(length).symbol] += tokens[END + length];
}

/* What is written for each token: a byte's code, or those of a length and its extra bits and then distance 1, a zero. */
static void spell_tokens(const Code *symbols, const uint32_t *counts, uint32_t *spelt)
{
    for (unsigned byte = 0; byte < END; byte++)
        spelt[byte] = symbols[byte].bits | (uint32_t)symbols[byte].length << SPELT_BITS;
    for (unsigned run = SHORTEST; run <= LONGEST; run++) {
        if (!counts[END + run])
            continue;
        Length length = take_length(run);
        Code code = symbols[length.symbol];
        spelt[END + run] = code.bits | (uint32_t)length.extra << code.length |
                           (uint32_t)(code.length + length.extra_count + 1) << SPELT_BITS;
    }
}

static inline void put_spelt(Writer *writer, uint32_t spelt)
{
    put(writer, spelt & ((1u << SPELT_BITS) - 1), spelt >> SPELT_BITS);
}

static void write_tokens(Writer *given, const Block *block, const uint32_t *spelt)
{
    Writer writer = *given; /* in registers */
    unsigned count = block->count, i = 0;
    for (; i + 2 <= count; i += 2) {
        put_spelt(&writer, spelt[block->tokens[i]]);
        put_spelt(&writer, spelt[block->tokens[i + 1]]);
        flush(&writer);
    }
    if (i < count) {
        put_spelt(&writer, spelt[block->tokens[i]]);
        flush(&writer);
    }
    *given = writer;
}

static void write_block(Writer *writer, Block *block)
{
    enum { NOT_THE_LAST = 0, OWN_CODES = 2 };
    uint32_t counts[KINDS], symbol_counts[SYMBOLS], spelt[KINDS];
    Code symbols[SYMBOLS];
    unsigned symbol_count = SYMBOLS;
    count_tokens(block, counts);
    count_symbols(counts, symbol_counts);
    make_codes(symbol_counts, SYMBOLS, MOST_BITS, symbols);
    spell_tokens(symbols, counts, spelt);
    while (!symbols[symbol_count - 1].length)
        symbol_count--;
    put_whole(writer, NOT_THE_LAST | OWN_CODES << 1, 3);
    write_codes(writer, symbols, symbol_count);
    write_tokens(writer, block, spelt);
    put_whole(writer, symbols[END].bits, symbols[END].length);
    block->count = 0;
}

/* ---- the bytes ---- */

static inline uint64_t load(const uint8_t *bytes)
{
    uint64_t loaded;
    __builtin_memcpy(&loaded, bytes, sizeof loaded);
    return loaded;
}

/* Marks, by its highest bit, each of the next bytes that is as the one before it. */
static inline uint64_t mark_repeated(const uint8_t *bytes)
{
    uint64_t changes = load(bytes) ^ load(bytes - 1);
    return ~(((changes & ~HIGHEST_BITS) + ~HIGHEST_BITS) | changes) & HIGHEST_BITS;
}

/* How often the byte before comes again, which is at least `SHORTEST` times. */
static inline unsigned run_length(const uint8_t *bytes, size_t left)
{
    unsigned most = left < LONGEST ? (unsigned)left : LONGEST, length = SHORTEST;
    for (; length + AT_ONCE <= most; length += AT_ONCE) {
        uint64_t changes = load(bytes + length) ^ load(bytes + length - 1);
        if (changes)
            return length + (unsigned)__builtin_ctzll(changes) / 8;
    }
    while (length < most && bytes[length] == bytes[-1])
        length++;
    return length;
}

/* Takes bytes that begin no run, and then a run if one was in sight; returns how many bytes that was. */
static inline unsigned take_tokens(Block *block, const uint8_t *bytes, size_t left)
{
    uint64_t repeated = mark_repeated(bytes), runs = repeated & repeated >> 8 & repeated >> 16 & repeated >> 24;
    for (unsigned i = 0; i < AT_ONCE; i++)
        block->tokens[block->count + i] = bytes[i];
    if (!runs) { /* those behind the last change may yet begin one */
        unsigned taken = AT_ONCE - (unsigned)__builtin_clzll(~repeated & HIGHEST_BITS) / 8;
        block->count += taken;
        return taken;
    }
    unsigned before = (unsigned)__builtin_ctzll(runs) / 8, run = run_length(bytes + before, left - before);
    block->count += before;
    block->tokens[block->count++] = (uint16_t)(END + run);
    return before + run;
}

/* Deflates bytes into blocks of which none is the last, and ends on a whole byte.
 *
 * `out` has room for 2 * length + 1024 * (length / TOKENS + 1) bytes, for no code is longer than 15 bits. Returns how
 * many were written. */
size_t facies_deflate(const uint8_t *restrict bytes, size_t length, uint8_t *restrict out)
{
    Writer writer = {out, 0, 0};
    Block block;
    block.count = 0;
    for (size_t i = 0; i < length;) {
        if (i && length - i >= AT_ONCE)
            i += take_tokens(&block, bytes + i, length - i);
        else
            block.tokens[block.count++] = bytes[i++];
        if (block.count >= TOKENS)
            write_block(&writer, &block);
    }
    if (block.count)
        write_block(&writer, &block);
    put(&writer, 0, 3); /* an empty block of bytes as they are, which begins on a whole one */
    writer.count = (writer.count + 7) & ~7u;
    flush(&writer);
    put_whole(&writer, 0xFFFF0000, 32);
    return (size_t)(writer.next - out);
}
