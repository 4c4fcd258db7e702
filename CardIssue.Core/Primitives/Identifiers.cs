using System.Diagnostics.CodeAnalysis;

namespace CardIssue.Core.Primitives;

/// <summary>What a short name on the line may look like: 1 to 64 of A–Z a–z 0–9 . _ - and nothing that a path, a log line or SQL could trip over.</summary>
public static class NameRule
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>Whether <paramref name="text"/> is a name.</summary>
    public static bool Accepts([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= MaxLength } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    internal static string Check(string? text, string what) => Accepts(text)
        ? text
        : throw new FormatException($"A {what} is 1 to {MaxLength} of A-Z a-z 0-9 . _ -");
}

/// <summary>The name of a terminal in the center's registry.</summary>
public readonly record struct TerminalId
{
    /// <summary>Checks and wraps a name.</summary>
    /// <exception cref="FormatException">Not a name by <see cref="NameRule"/>.</exception>
    public TerminalId(string value) => Value = NameRule.Check(value, "terminal id");

    /// <summary>The name.</summary>
    public string Value { get; }

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>The name of a branch: a place with one or more terminals.</summary>
public readonly record struct BranchId
{
    /// <summary>Checks and wraps a name.</summary>
    /// <exception cref="FormatException">Not a name by <see cref="NameRule"/>.</exception>
    public BranchId(string value) => Value = NameRule.Check(value, "branch's name");

    /// <summary>The name.</summary>
    public string Value { get; }

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>
/// The name of an issuer: the card company or bank whose orders, customers, products, keys and people those are. Small letters alone: one spelling for people,
/// settings and file systems.
/// </summary>
public readonly record struct IssuerId
{
    /// <summary>Checks and wraps a name.</summary>
    /// <exception cref="FormatException">Not a name by <see cref="NameRule"/>, or one with a capital letter.</exception>
    public IssuerId(string value) => Value = NameRule.Accepts(value) && !value.Any(char.IsAsciiLetterUpper)
        ? value
        : throw new FormatException($"An issuer's name is 1 to {NameRule.MaxLength} of a-z 0-9 . _ -");

    /// <summary>The name.</summary>
    public string Value { get; }

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>The number of a dedicated line. It comes from the listener's configuration or the serial port, never from the peer.</summary>
/// <param name="Value">1 or greater; 0 is "no line".</param>
public readonly record struct LineNumber(int Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>The name of an order: one card to be issued for one customer.</summary>
public readonly record struct OrderId
{
    /// <summary>Checks and wraps a name.</summary>
    /// <exception cref="FormatException">Not a name by <see cref="NameRule"/>.</exception>
    public OrderId(string value) => Value = NameRule.Check(value, "order id");

    /// <summary>The name.</summary>
    public string Value { get; }

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Who works at the terminal.</summary>
public readonly record struct OperatorId
{
    /// <summary>Checks and wraps a name.</summary>
    /// <exception cref="FormatException">Not a name by <see cref="PersonNameRule"/>.</exception>
    public OperatorId(string value) => Value = PersonNameRule.Check(value, "operator's name");

    /// <summary>The name.</summary>
    public string Value { get; }

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>
/// What identifies one physical card, from where its product says: what it tells of itself, or a number that the center gave it. Until it
/// was proved, by the card's cryptogram or by being read again inside the channel, it is only claimed.
/// </summary>
/// <param name="Value">The identifying bytes; 1 to 64.</param>
public readonly record struct CardId(ByteString Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
