using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>Which part of the registry GET STATUS lists (GPCS table 11-33).</summary>
internal enum RegistryScope : byte
{
    /// <summary>The issuer security domain alone.</summary>
    IssuerSecurityDomain = 0x80,
    /// <summary>Applications and supplementary security domains.</summary>
    Applications = 0x40,
    /// <summary>Executable load files.</summary>
    LoadFiles = 0x20,
    /// <summary>Executable load files and their modules.</summary>
    LoadFilesAndModules = 0x10,
}

/// <summary>GET STATUS with TLV answers (GPCS §11.4). The commands follow one another in a <see cref="RegistryListing"/>.</summary>
internal static class GetStatus
{
    private const byte Tlv = 0x02, Next = 0x01;

    /// <summary>Asks for entries.</summary>
    /// <param name="scope">Which part of the registry.</param>
    /// <param name="next">False for the first, true after 6310.</param>
    /// <param name="aid">Only entries whose AID starts so: 0 to 16 bytes.</param>
    public static CommandApdu Command(RegistryScope scope, bool next = false, ByteString aid = default) =>
        new(0x80, Instructions.GetStatus, (byte)scope, next ? (byte)(Tlv | Next) : Tlv, BerTlv.Primitive(0x4F, aid).ToBytes(), CommandApdu.MaxShortLe);
}

/// <summary>One entry of the card's registry (GPCS table 11-36).</summary>
/// <param name="Aid">The AID of the application, security domain or load file.</param>
/// <param name="LifeCycle">Its life cycle state (9F70, first byte).</param>
/// <param name="Privileges">0 to 3 bytes (C5).</param>
/// <param name="LoadFile">The load file that an application comes from (C4).</param>
/// <param name="SecurityDomain">The security domain that it belongs to (CC).</param>
/// <param name="Version">The version of a load file (CE).</param>
/// <param name="Modules">The modules of a load file (84).</param>
internal sealed record RegistryEntry(
    Aid Aid, byte LifeCycle, ByteString Privileges, ByteString LoadFile, ByteString SecurityDomain, ByteString Version, ValueList<ByteString> Modules)
{
    /// <summary>Parses response data: any number of templates E3. An entry that is not whole does not hide the others.</summary>
    /// <param name="data">The response data, decrypted, without MAC.</param>
    /// <param name="bad">What is wrong with what was left out; tags and lengths only, never values.</param>
    /// <returns>The entries that are whole, in the card's order.</returns>
    public static ValueList<RegistryEntry> Parse(ReadOnlySpan<byte> data, out ValueList<string> bad)
    {
        var faults = new List<string>();
        var list = new List<RegistryEntry>();
        foreach (var template in LenientTlv.Parse(data, faults).Span)
        {
            var aid = template.Find(0x4F)?.Value ?? default;
            var state = template.Find(0x9F70)?.Value ?? default;
            var fault = template.Tag != 0xE3 ? $"GET STATUS answered tag {template.Tag}; E3 is due."
                : !Cards.Apdu.Aid.IsAid(aid.Span) ? $"An entry's AID has {aid.Length} bytes."
                : state.Length is not (1 or 2) ? $"An entry's life cycle state has {state.Length} bytes; 1 or 2 are due."
                : null;
            if (fault is null) list.Add(Read(template, new Aid(aid), state[0]));
            else faults.Add(fault);
        }
        bad = [.. faults];
        return [.. list];
    }

    private static RegistryEntry Read(BerTlv template, Aid aid, byte state)
    {
        ByteString Value(BerTag tag) => template.Find(tag)?.Value ?? default;
        var modules = new List<ByteString>();
        foreach (var child in template.Children.Span)
            if (child.Tag == 0x84) modules.Add(child.Value);
        return new RegistryEntry(aid, state, Value(0xC5), Value(0xC4), Value(0xCC), Value(0xCE), [.. modules]);
    }
}

/// <summary>A whole listing, as a value without I/O: send <see cref="Command"/>, give its answer to <see cref="On"/>, until there is no command any more.</summary>
/// <param name="Scope">Which part of the registry.</param>
/// <param name="Aid">Only entries whose AID starts so.</param>
/// <param name="Entries">The entries so far; all of them once <see cref="IsComplete"/>.</param>
/// <param name="Command">The next command, or null at the end.</param>
/// <param name="Error">Why the listing failed, or null.</param>
/// <param name="Rounds">How many answers were taken.</param>
/// <param name="Bad">What is wrong with the entries that were left out.</param>
internal sealed record RegistryListing(
    RegistryScope Scope,
    ByteString Aid,
    ValueList<RegistryEntry> Entries,
    CommandApdu? Command,
    string? Error,
    int Rounds,
    ValueList<string> Bad = default)
{
    /// <summary>How many answers one listing takes before the card is not believed any more.</summary>
    public const int MaxRounds = 64;

    /// <summary>Whether all entries are there.</summary>
    public bool IsComplete => Command is null && Error is null;

    /// <summary>Starts a listing.</summary>
    /// <param name="scope">Which part of the registry.</param>
    /// <param name="aid">Only entries whose AID starts so.</param>
    public static RegistryListing Start(RegistryScope scope, ByteString aid = default) =>
        new(scope, aid, default, GetStatus.Command(scope, false, aid), null, 0);

    /// <summary>Takes the answer to <see cref="Command"/>, unwrapped.</summary>
    /// <exception cref="InvalidOperationException">The listing is at its end.</exception>
    public RegistryListing On(ResponseApdu response)
    {
        if (Command is null) throw new InvalidOperationException("The listing is at its end.");
        // Nothing matches: for a list that is no error (GPCS table 11-38).
        if (response.StatusWord == StatusWords.NotFound) return this with { Command = null, Rounds = Rounds + 1 };
        if (response.StatusWord is not (StatusWords.Ok or StatusWords.MoreData))
            return Fail($"{response.StatusWord:X4}: {StatusWords.Describe(response.StatusWord, Instructions.GetStatus)}");
        var entries = RegistryEntry.Parse(response.Data.Span, out var bad);
        var all = this with { Entries = [.. Entries.Span, .. entries.Span], Rounds = Rounds + 1, Bad = [.. Bad.Span, .. bad.Span] };
        // A list of which nothing is whole is none.
        if (response.StatusWord == StatusWords.Ok)
            return all.Entries.Count == 0 && all.Bad.Count > 0 ? Fail(all.Bad[0]) : all with { Command = null };
        return all.Rounds == MaxRounds
            ? Fail($"After {MaxRounds} answers the card still has more.")
            : all with { Command = GetStatus.Command(Scope, true, Aid) };
    }

    private RegistryListing Fail(string error) => this with { Command = null, Error = error };
}
