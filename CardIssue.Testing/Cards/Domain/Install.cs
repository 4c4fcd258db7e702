using System.Collections.Immutable;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>INSTALL (GPCS 11.5). Tokens are not asked for: the issuer's domain has authorized management.</summary>
internal static class Install
{
    private const byte ForLoad = 0x02, ForInstall = 0x04, MakeSelectable = 0x08, InstallAndSelectable = 0x0C, ForPersonalization = 0x20,
        Extradition = 0x10, RegistryUpdate = 0x40, LoadInstallAndSelectable = 0x0E;
    private const byte FirstOfProcess = 0x01, LastOfProcess = 0x03;
    private const int SystemParameters = 0xEF, CodeLimit = 0xC6, DataLimit = 0xC8;

    public static Reply Execute(CardMemory card, Command command)
    {
        // The combined process (11.5.2.1) is the load's INSTALL first, and the installation's last.
        var p1 = (command.P1, command.P2) switch
        {
            (LoadInstallAndSelectable, FirstOfProcess) => ForLoad,
            (LoadInstallAndSelectable, LastOfProcess) => InstallAndSelectable,
            (not LoadInstallAndSelectable, 0) => command.P1,
            _ => (byte)0,
        };
        var fieldCount = p1 switch
        {
            ForLoad => 5,
            ForInstall or MakeSelectable or InstallAndSelectable or ForPersonalization or Extradition or RegistryUpdate => 6,
            _ => 0,
        };
        if (fieldCount == 0) return Sw.WrongP1P2;
        if (Fields(command.Data, fieldCount) is not { } fields) return Sw.WrongData;
        card.Volatile.PersonalizationTarget = null;
        card.Volatile.Load = null;
        return p1 switch
        {
            ForLoad => BeginLoad(card, fields),
            ForInstall => Create(card, fields, CardApplication.Installed),
            InstallAndSelectable => Create(card, fields, CardApplication.Selectable),
            MakeSelectable => Release(card, fields),
            Extradition => Extradite(card, fields),
            RegistryUpdate => Update(card, fields),
            _ => Personalize(card, fields),
        };
    }

    private static List<ByteString>? Fields(byte[] data, int count)
    {
        var fields = new List<ByteString>();
        ReadOnlySpan<byte> rest = data;
        while (!rest.IsEmpty)
        {
            if (!Tlv.TryReadLv(ref rest, out var field)) return null;
            fields.Add(ByteString.Copy(field));
        }
        // Hosts leave the empty token out at the end now and then; cards take it.
        while (fields.Count < count && fields.Count >= count - 1) fields.Add(ByteString.Empty);
        return fields.Count == count ? fields : null;
    }

    private static Reply BeginLoad(CardMemory card, List<ByteString> fields)
    {
        var (file, domain, hash) = (fields[0], fields[1], fields[2]);
        if (!IsAid(file) || !LoadProgress.IsHashLength(hash.Length)) return Sw.WrongData;
        if (!domain.IsEmpty && domain != card.State.SecurityDomainAid) return Sw.ReferenceNotFound;
        if (card.State.LoadFiles.Any(f => f.Aid == file) || IsTaken(card.State, file)) return Sw.Conditions;
        if (Asked(fields[3], CodeLimit) + Asked(fields[3], DataLimit) > card.State.FreeMemory) return Sw.NoRoom;
        card.Volatile.Load = new LoadProgress(file, hash);
        return Reply.Ok(0x00);
    }

    private static Reply Create(CardMemory card, List<ByteString> fields, byte lifeCycle)
    {
        var (fileAid, module, privileges) = (fields[0], fields[1], fields[3]);
        var instance = fields[2].IsEmpty ? module : fields[2];
        if (!IsAid(instance) || privileges.Length is not (1 or 3)) return Sw.WrongData;
        var isDomain = !privileges.IsEmpty && (privileges[0] & CardApplication.SecurityDomain) != 0;
        var file = card.State.LoadFiles.Find(f => f.Aid == fileAid)
            ?? (isDomain && fileAid == CardPlatform.SecurityDomains.Aid ? CardPlatform.SecurityDomains : null);
        if (file is null) return Sw.ReferenceNotFound;
        if (file.Modules.Count > 0 && !file.Modules.Contains(module)) return Sw.ReferenceNotFound;
        if (IsTaken(card.State, instance)) return Sw.Conditions;
        // What nobody can select yet can't be selected by a reset either (11.5.2.3.2).
        if (lifeCycle == CardApplication.Installed && (privileges[0] & CardApplication.CardReset) != 0) return Sw.WrongData;
        if (Math.Max(CardPlatform.ApplicationMemory, Asked(fields[4], DataLimit)) > card.State.FreeMemory) return Sw.NoRoom;
        var application = new CardApplication(instance, fileAid, module, lifeCycle, privileges, ImmutableSortedDictionary<ushort, ByteString>.Empty);
        card.State = card.State with { Applications = card.State.Applications.Add(application) };
        if ((privileges[0] & CardApplication.CardReset) != 0) card.State = card.State.SelectedByReset(application);
        return Reply.Ok(0x00);
    }

    private static Reply Release(CardMemory card, List<ByteString> fields)
    {
        if (card.State.Find(fields[2]) is not { } application) return Sw.ReferenceNotFound;
        var isForReset = !fields[3].IsEmpty && (fields[3].Span[0] & CardApplication.CardReset) != 0;
        if (application.LifeCycle != CardApplication.Installed && !(isForReset && application.IsSelectable)) return Sw.Conditions;
        if (!application.IsSelectable) application = application with { LifeCycle = CardApplication.Selectable };
        card.State = isForReset ? card.State.SelectedByReset(application) : card.State.With(application);
        return Reply.Ok(0x00);
    }

    private static Reply Personalize(CardMemory card, List<ByteString> fields)
    {
        if (card.State.Find(fields[2]) is not { } application) return Sw.ReferenceNotFound;
        if (!application.IsSelectable) return Sw.Conditions;
        // It is for the application's own security domain to pass data on (7.3.2).
        if (card.SelectedDomain is { IsEmpty: false } domain && !card.State.BelongsTo(application.Aid, domain)) return Sw.Conditions;
        card.Volatile.PersonalizationTarget = application.Aid;
        card.Volatile.StoreData = new StoreDataProgress();
        return Reply.Ok(0x00);
    }

    /// <summary>
    /// Gives an application to a security domain, the one that it belongs to too (11.5.2.3.4); load files stay with the issuer's.
    /// </summary>
    private static Reply Extradite(CardMemory card, List<ByteString> fields)
    {
        var (state, domain) = (card.State, fields[0]);
        if (domain == state.SecurityDomainAid && state.LoadFiles.Exists(file => file.Aid == fields[2])) return Reply.Ok(0x00);
        if (state.Find(fields[2]) is not { } application || DomainOf(state, domain) is not { } to) return Sw.ReferenceNotFound;
        if (application.Aid == to || state.BelongsTo(to, application.Aid)) return Sw.Conditions;
        card.State = state.With(application with { Domain = to });
        return Reply.Ok(0x00);
    }

    /// <summary>
    /// The security domain, empty for the issuer's; null where it is none that can be given anything: without keys, none is (5.3.2.2).
    /// </summary>
    private static ByteString? DomainOf(CardState state, ByteString aid) => aid == state.SecurityDomainAid ? default(ByteString)
        : state.Find(aid) is { IsSecurityDomain: true, IsLocked: false, IsPersonalized: true } ? aid : null;

    /// <summary>Another security domain, other privileges (11.5.2.3.5); none leaves them as they are.</summary>
    private static Reply Update(CardMemory card, List<ByteString> fields)
    {
        if (card.State.Find(fields[2]) is not { } application) return Sw.ReferenceNotFound;
        var privileges = fields[3];
        if (privileges.Length is not (0 or 1 or 3)) return Sw.WrongData;
        if (!fields[0].IsEmpty)
        {
            if (DomainOf(card.State, fields[0]) is not { } to) return Sw.ReferenceNotFound;
            if (application.Aid == to || card.State.BelongsTo(to, application.Aid)) return Sw.Conditions;
            application = application with { Domain = to };
        }
        // What is no security domain never becomes one, nor the other way round.
        if (!privileges.IsEmpty && (privileges.Span[0] & CardApplication.SecurityDomain) != 0 != application.IsSecurityDomain)
            return Sw.Conditions;
        var changed = privileges.IsEmpty ? application : application with { Privileges = privileges };
        card.State = changed.HasCardReset ? card.State.SelectedByReset(changed) : card.State.With(changed);
        return Reply.Ok(0x00);
    }

    /// <summary>How much memory the parameters ask for (EF: C6, C8); 0 where they say nothing.</summary>
    private static int Asked(ByteString parameters, int tag)
    {
        var system = Tlv.ReadAll(parameters.Span)?.Find(o => o.Tag == SystemParameters).Value;
        var limit = system is null ? null : Tlv.ReadAll(system)?.Find(o => o.Tag == tag).Value;
        return limit is { Length: 2 or 4 } ? (int)Math.Min(int.MaxValue / 4, limit.Aggregate(0L, (sum, b) => sum << 8 | b)) : 0;
    }

    private static bool IsAid(ByteString aid) => aid.Length is >= 5 and <= 16;

    private static bool IsTaken(CardState state, ByteString aid) => aid == state.SecurityDomainAid || state.Find(aid) is not null;
}
