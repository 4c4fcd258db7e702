using System.Text;

namespace CardIssue.Fuzz.Mutation;

/// <summary>JSON: words are dropped, doubled, swapped, replaced and wrapped, so that the text often stays JSON and says something
/// else.</summary>
internal sealed class JsonMutator : Mutator
{
    private static readonly string[] Scraps =
    [
        "{", "}", "[", "]", ",", ":", "null", "true", "-1", "0", "1e99", "\"\"", "\"\\uD800\"", "//", "\u00FC", "\"FF\"", "99999999999",
            "{}", "[]", "0.5", "\"\\u0000\"", "\"\u30AB\"", "\"a\\nb\"",
        "\"2030-02-30\"", "\"0801FF00\"", "-9223372036854775809", "\"\U0001F4B3\"", "[1,1,1]", "[null]", "{\"a\":1,\"a\":2}",
    ];

    protected override byte[] ChangeOnce(byte[] input, IReadOnlyList<byte[]> others, Random random)
    {
        var words = Words(Encoding.UTF8.GetString(input));
        if (words.Count == 0) return Encoding.UTF8.GetBytes(Scraps[random.Next(Scraps.Length)]);
        var at = random.Next(words.Count);
        switch (random.Next(8))
        {
            case 0: words.RemoveAt(at); break;
            case 1: words.Insert(at, words[random.Next(words.Count)]); break;
            case 2:
                var other = random.Next(words.Count);
                (words[at], words[other]) = (words[other], words[at]);
                break;
            case 3: Repeat(words, at, random); break;
            case 4 when words[at] is ['"', .., '"']: words[at] = Longer(words[at], random); break;
            case 5: words[at] = random.Next(8) == 0 ? $"{new string('[', 45)}{words[at]}{new string(']', 45)}" : $"[{words[at]}]"; break;
            default: words[at] = Scraps[random.Next(Scraps.Length)]; break;
        }
        return Encoding.UTF8.GetBytes(string.Concat(words));
    }

    /// <summary>A value and a comma, very often.</summary>
    private static void Repeat(List<string> words, int at, Random random)
    {
        var end = Math.Min(words.Count, at + random.Next(1, 12));
        var piece = string.Concat(words[at..end]);
        words.InsertRange(at, Enumerable.Repeat(piece + (random.Next(2) == 0 ? "," : ""), Math.Min(random.Next(1, 2_000),
            60_000 / (piece.Length + 1) + 1)));
    }

    private static string Longer(string word, Random random)
    {
        var inner = word[1..^1];
        if (inner.Length == 0) inner = "x";
        var part = inner[..random.Next(1, inner.Length + 1)];
        return $"\"{string.Concat(Enumerable.Repeat(part, Math.Min(random.Next(1, 3_000), 60_000 / part.Length + 1)))}\"";
    }

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var end = at + 1;
            if (text[at] == '"')
            {
                while (end < text.Length && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
                end = Math.Min(text.Length, end + 1);
            }
            else if (char.IsLetterOrDigit(text[at]))
            {
                while (end < text.Length && char.IsLetterOrDigit(text[end])) end++;
            }
            words.Add(text[at..end]);
            at = end;
        }
        return words;
    }
}
