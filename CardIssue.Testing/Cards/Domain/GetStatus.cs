using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>GET STATUS (GPCS 11.4): the registry, in TLV form (P2 b2) or the old LV form, in pages of what one answer can carry.</summary>
internal static class GetStatus
{
    private const byte Domain = 0x80, Applications = 0x40, LoadFiles = 0x20, LoadFilesAndModules = 0x10;
    private static readonly byte[] DomainPrivileges = [0x9E, 0xFE, 0x80];

    private sealed record Entry(ByteString Aid, byte LifeCycle, byte[]? Privileges, ByteString? LoadFile, ByteString? Version,
        ValueList<ByteString> Modules, ByteString Domain = default);

    public static Reply Execute(CardMemory card, Command command)
    {
        if (command.P1 is not (Domain or Applications or LoadFiles or LoadFilesAndModules) || (command.P2 & 0xFC) != 0) return Sw.WrongP1P2;
        if (Tlv.ReadAll(command.Data) is not { } criteria || criteria.Count == 0 || criteria[0].Tag != 0x4F || criteria[0].Value.Length > 16) return Sw.WrongData;
        var given = 0;
        if ((command.P2 & 1) != 0)
        {
            if (card.Volatile.StatusCursor is not { } cursor || cursor.P1 != command.P1) return Sw.WrongP1P2;
            given = cursor.Given;
        }
        card.Volatile.StatusCursor = null;

        var matches = Entries(card.State, card.SelectedDomain!.Value, command.P1)
            .Where(e => e.Aid.Span.StartsWith(criteria[0].Value)).Skip(given).ToList();
        if (matches.Count == 0) return Sw.ReferenceNotFound;
        var isTlv = (command.P2 & 2) != 0;
        var tags = criteria.Find(c => c.Tag == 0x5C).Value is { } list ? TagList(list) : null;
        var page = new List<byte>();
        foreach (var entry in matches)
        {
            var coded = isTlv ? CodeTlv(entry, card.State, tags) : CodeLv(entry, command.P1 == LoadFilesAndModules);
            if (page.Count > 0 && page.Count + coded.Length > card.Volatile.Channel!.ReplyCapacity)
            {
                card.Volatile.StatusCursor = (command.P1, given);
                return new Reply([.. page], Sw.MoreData);
            }
            page.AddRange(coded);
            given++;
        }
        return Reply.Ok([.. page]);
    }

    /// <summary>A supplementary domain tells of itself and of what belongs to it (GPCS 11.4.2.1); load files belong to the issuer's.</summary>
    private static IEnumerable<Entry> Entries(CardState state, ByteString domain, byte kind) => kind switch
    {
        Applications => state.Applications.Where(a => domain.IsEmpty || SupplementaryDomain.IsWithin(state, a.Aid, domain))
            .Select(a => new Entry(a.Aid, a.LifeCycle, a.Privileges.ToArray(), a.LoadFile, null, default, a.Domain)),
        _ when !domain.IsEmpty => [],
        Domain => [new Entry(state.SecurityDomainAid, (byte)state.LifeCycle, PrivilegesOfDomain(state), state.SecurityDomainLoadFile, null, default)],
        _ => state.LoadFiles.Select(f => new Entry(f.Aid, 0x01, null, null, f.Version, kind == LoadFilesAndModules ? f.Modules : default)),
    };

    private static byte[] CodeTlv(Entry entry, CardState state, HashSet<int>? tags)
    {
        List<(int Tag, byte[] Value)> objects = [(0x4F, entry.Aid.ToArray()), (0x9F70, [entry.LifeCycle])];
        if (entry.Privileges is { } privileges) objects.Add((0xC5, ThreeBytes(privileges)));
        if (entry.LoadFile is { } file) objects.Add((0xC4, file.ToArray()));
        if (entry.Version is { } version) objects.Add((0xCE, version.ToArray()));
        foreach (var module in entry.Modules) objects.Add((0x84, module.ToArray()));
        objects.Add((0xCC, (entry.Domain.IsEmpty ? state.SecurityDomainAid : entry.Domain).ToArray()));
        return Tlv.Make(0xE3, [.. objects.Where(o => tags is null || tags.Contains(o.Tag)).SelectMany(o => Tlv.Make(o.Tag, o.Value))]);
    }

    private static byte[] CodeLv(Entry entry, bool withModules) =>
    [
        .. Tlv.Lv(entry.Aid.Span), entry.LifeCycle, entry.Privileges is { } privileges ? privileges[0] : (byte)0,
        .. withModules ? [(byte)entry.Modules.Count, .. entry.Modules.SelectMany(m => Tlv.Lv(m.Span))] : Array.Empty<byte>(),
    ];

    private static byte[] PrivilegesOfDomain(CardState state) => state.Applications.Exists(a => a.HasCardReset)
        ? [(byte)(DomainPrivileges[0] & ~CardApplication.CardReset), .. DomainPrivileges.AsSpan(1)] : DomainPrivileges;

    private static byte[] ThreeBytes(byte[] privileges) => privileges.Length == 3 ? privileges : [privileges[0], 0, 0];

    private static HashSet<int> TagList(byte[] list)
    {
        var tags = new HashSet<int>();
        ReadOnlySpan<byte> rest = list;
        while (Tlv.TryReadTag(ref rest, out var tag)) tags.Add(tag);
        return tags;
    }
}
