using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>SELECT by name (GPCS §11.9).</summary>
internal static class Select
{
    private const byte ByName = 0x04, NextOccurrence = 0x02;

    /// <summary>Selects the application with <paramref name="aid"/>, or the first whose name starts with it.</summary>
    /// <param name="aid">The AID, or its first bytes.</param>
    /// <param name="next">Asks for the next one whose name starts so.</param>
    public static CommandApdu Application(Aid aid, bool next = false) =>
        new(0x00, Instructions.Select, ByName, next ? NextOccurrence : (byte)0x00, aid.Value, CommandApdu.MaxShortLe);

    /// <summary>Selects the issuer security domain, whatever its name.</summary>
    public static CommandApdu IssuerSecurityDomain() => new(0x00, Instructions.Select, ByName, 0x00, default, CommandApdu.MaxShortLe);
}

/// <summary>What SELECT answers (GPCS §11.9.3.1): file control information.</summary>
/// <param name="Aid">The name of the application that is selected now; null when the card does not say.</param>
/// <param name="Proprietary">The data objects within A5; none when it is absent.</param>
/// <param name="MaxCommandData">The most command data that the card takes, in bytes (9F65); null when it does not say.</param>
internal sealed record FileControlInformation(Aid? Aid, ValueList<BerTlv> Proprietary, int? MaxCommandData)
{
    /// <summary>Parses response data.</summary>
    /// <param name="data">A template 6F; what is not whole in it is left out.</param>
    /// <param name="fci">The information.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryParse(ReadOnlySpan<byte> data, [NotNullWhen(true)] out FileControlInformation? fci, [NotNullWhen(false)] out string? error)
    {
        fci = null;
        if (!GetData.TryOpen(data, 0x6F, out var template, out _, out error)) return false;
        var name = template.Find(0x84)?.Value ?? default;
        var proprietary = template.Find(0xA5)?.Children ?? default;
        var limit = BerTlv.Find(proprietary, 0x9F65)?.Value;
        error = !name.IsEmpty && !Cards.Apdu.Aid.IsAid(name.Span) ? $"The name has {name.Length} bytes, so it is no AID."
            : limit is { Length: not (1 or 2) } ? $"9F65 has {limit.Value.Length} bytes; 1 or 2 are due."
            : null;
        if (error is not null) return false;
        fci = new FileControlInformation(
            name.IsEmpty ? null : new Aid(name), proprietary,
            limit is not { } bytes ? null : bytes.Length == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16BigEndian(bytes.Span));
        return true;
    }
}
