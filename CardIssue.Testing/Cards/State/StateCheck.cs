namespace CardIssue.Testing.Cards.State;

/// <summary>What a card can't be: a file may say anything, and the card that is made of it answers to commands later.</summary>
internal static class StateCheck
{
    private const int KddLength = 10, MaxSequenceCounter = 0xFF_FFFF, MinAid = 5, MaxAid = 16, VersionLength = 2, MaxPrivileges = 3, MaxTag = 0xFFFF, MaxObject = 0xFFFF;

    /// <summary>What is wrong, as a sentence; null when nothing is.</summary>
    public static string? FaultOf(CardState card)
    {
        if (!Enum.IsDefined(card.Protocol)) return $"Protocol is {(int)card.Protocol}; it is 0 (T=0) or 1 (T=1).";
        if (!Enum.IsDefined(card.LifeCycle)) return $"LifeCycle is {(int)card.LifeCycle}, which is no card's.";
        if (card.Kdd.Length != KddLength) return $"Kdd has {card.Kdd.Length} bytes; it has {KddLength}.";
        if (card.Cplc.Length > MaxObject) return $"Cplc has {card.Cplc.Length} bytes.";
        if (card.AuthenticationLimit < 1) return "AuthenticationLimit is at least 1.";
        if (card.Memory < 0) return $"Memory is {card.Memory} bytes; it is not negative.";
        if (card.Scp is not (CardState.Scp02 or CardState.Scp03)) return $"Scp is {card.Scp}; it is 2 or 3.";
        if ((CountersFault(card.KeysOf(default)) ?? DataFault(card.Data)) is { } fault) return fault;
        return !IsAid(card.SecurityDomainAid) || (card.SecurityDomainLoadFile is { } domainFile && !IsAid(domainFile))
            ? $"SecurityDomain and its load file have {MinAid} to {MaxAid} bytes."
            : FilesFault(card) ?? ApplicationsFault(card) ?? PivFault(card.Piv);
    }

    private static string? FilesFault(CardState card)
    {
        foreach (var file in card.LoadFiles)
            if (!IsAid(file.Aid) || file.Modules.Any(module => !IsAid(module)) || file.Imports.Concat(file.Packages).Any(package => !IsAid(package.Aid))
                || file.Version.Length > VersionLength || file.Length < 0)
                return $"Load file {file.Aid}: names have {MinAid} to {MaxAid} bytes, a version has {VersionLength} at most, a length is not negative.";
        return null;
    }

    private static string? ApplicationsFault(CardState card)
    {
        foreach (var application in card.Applications)
        {
            if (!IsAid(application.Aid) || !IsAid(application.LoadFile) || !IsAid(application.Module)) return $"Application {application.Aid}: names have {MinAid} to {MaxAid} bytes.";
            if (application.Privileges.Length > MaxPrivileges) return $"Application {application.Aid}: privileges have {MaxPrivileges} bytes at most.";
            if (!application.Domain.IsEmpty && card.Find(application.Domain) is not { IsSecurityDomain: true })
                return $"Application {application.Aid}: it belongs to {application.Domain}, which is no security domain of the card.";
            if (IsCircle(card, application)) return $"Application {application.Aid}: it belongs to itself, through others.";
            if ((CountersFault(application.Keys) ?? DataFault(application.Data)) is { } fault) return $"Application {application.Aid}: {fault}";
            if (card.Applications.Count(other => other.Aid == application.Aid) > 1) return $"Application {application.Aid} stands twice.";
        }
        return null;
    }

    private static string? CountersFault(DomainKeys domain) =>
        domain.FailedAuthentications < 0 ? "FailedAuthentications is at least 0."
        : domain.SequenceCounters.Values.Any(counter => counter is < 0 or > MaxSequenceCounter) ? "A sequence counter has 3 bytes."
        : null;

    private static string? DataFault(IReadOnlyDictionary<int, Core.Primitives.ByteString> data) =>
        data.Any(one => one.Key is < 1 or > MaxTag || one.Value.Length > MaxObject)
            ? "A data object has a tag of 1 or 2 bytes, and 65,535 bytes at most." : null;

    /// <summary>As many steps as there are applications lead past all of them.</summary>
    private static bool IsCircle(CardState card, CardApplication application)
    {
        var (at, steps) = (application, 0);
        while (!at.Domain.IsEmpty && steps++ < card.Applications.Count)
            if (card.Find(at.Domain) is { } above) at = above;
            else return false;
        return steps > card.Applications.Count;
    }

    private static string? PivFault(PivCredential? piv)
    {
        try
        {
            return piv is { PublicKey.Length: 0 } ? "Piv has no public key." : null;
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return "Piv's private key is no ECDSA P-256 key in PKCS #8.";
        }
    }

    private static bool IsAid(Core.Primitives.ByteString aid) => aid.Length is >= MinAid and <= MaxAid;
}
