namespace CardIssue.Core.Cards.Products;

/// <summary>
/// What an issue code must be so that a few tries do not find it: long enough, not one character all the way, and not a run such as 12345678 or
/// hgfedcba. Hyphens that part a code into groups do not count. Tries are counted and limited besides, per customer and per terminal.
/// </summary>
public sealed record IssueCodeRule
{
    /// <summary>The length that is asked for where nothing else is set.</summary>
    public const int DefaultLength = 8;

    /// <summary>The range of lengths that may be asked for, in characters without hyphens.</summary>
    public const int ShortestLength = 4, LongestLength = 32;

    /// <summary>The longest code, in characters, hyphens counted.</summary>
    public const int MaxLength = 64;

    /// <summary>The default rule.</summary>
    public static IssueCodeRule Default { get; } = new(DefaultLength);

    /// <summary>A rule with a least length.</summary>
    /// <param name="leastLength">The fewest characters of a code, hyphens not counted.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not <see cref="ShortestLength"/> to <see cref="LongestLength"/>.</exception>
    internal IssueCodeRule(int leastLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(leastLength, ShortestLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leastLength, LongestLength);
        LeastLength = leastLength;
    }

    /// <summary>The fewest characters, hyphens not counted.</summary>
    public int LeastLength { get; }

    /// <summary>What is wrong with a code, as a sentence that never quotes it; null when it will do.</summary>
    /// <param name="code">The code: printable ASCII without spaces, <see cref="MaxLength"/> bytes at the most. Stays the caller's.</param>
    public string? Fault(ReadOnlySpan<byte> code)
    {
        if (code.IsEmpty || code.Length > MaxLength || code.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
            return $"An issue code has printable ASCII characters without spaces, {MaxLength} at the most.";
        var length = code.Length - code.Count((byte)'-');
        if (length < LeastLength)
            return $"An issue code has {LeastLength} characters at the least, hyphens not counted; this one has {length}.";
        return IsRun(code) ? "An issue code is not one character all the way, nor a run such as 12345678 or abcdefgh." : null;
    }

    /// <summary>Whether each character is the one before it, or the next, or the previous: the same step all the way.</summary>
    private static bool IsRun(ReadOnlySpan<byte> code)
    {
        int? last = null, step = null;
        foreach (var character in code)
        {
            if (character == '-') continue;
            var now = (int)char.ToUpperInvariant((char)character);
            if (last is { } before)
            {
                // 7890 runs on over 9 as people type it.
                var difference = (before, now) is ('9', '0') ? 1 : (before, now) is ('0', '9') ? -1 : now - before;
                if (difference is < -1 or > 1 || step is { } known && known != difference) return false;
                step = difference;
            }
            last = now;
        }
        return true;
    }
}
