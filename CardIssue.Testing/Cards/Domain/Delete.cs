using System.Collections.Immutable;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>DELETE (GPCS 11.2): an application, a load file with or without its applications, or keys.</summary>
internal static class Delete
{
    private const byte AndRelated = 0x80;
    private const int Aid = 0x4F, SignatureTemplate = 0xB6, Token = 0x9E;

    public static Reply Execute(CardMemory card, Command command)
    {
        if (command.P1 != 0 || command.P2 is not (0 or AndRelated)) return Sw.WrongP1P2;
        if (Tlv.ReadAll(command.Data) is not { Count: > 0 } objects) return Sw.WrongData;
        // Content is the issuer's domain's to manage.
        if (objects[0].Tag == Aid)
            return card.SelectedDomain is { IsEmpty: false } ? Sw.Conditions : DeleteObjects(card, objects, command.P2 == AndRelated);
        return objects.All(o => o.Tag is 0xD0 or 0xD2 && o.Value.Length == 1) ? DeleteKeys(card, objects) : Sw.WrongData;
    }

    /// <summary>Everything that the command names, or nothing. Tokens are not asked for.</summary>
    private static Reply DeleteObjects(CardMemory card, List<(int Tag, byte[] Value)> objects, bool andRelated)
    {
        if (!objects.All(o => o.Tag is Aid or SignatureTemplate or Token)) return Sw.WrongData;
        var before = card.State;
        foreach (var (_, aid) in objects.Where(o => o.Tag == Aid))
            if (DeleteObject(card, ByteString.Copy(aid), andRelated) is { StatusWord: not Sw.Ok } refusal)
            {
                card.State = before;
                return refusal;
            }
        return Reply.Ok(0x00);
    }

    private static Reply DeleteObject(CardMemory card, ByteString aid, bool andRelated)
    {
        var state = card.State;
        if (aid == state.SecurityDomainAid) return Sw.Conditions;
        if (state.Find(aid) is { } application)
        {
            // Others belong to it (11.2.2.2).
            if (state.Applications.Exists(other => other.Domain == aid)) return Sw.Conditions;
            card.State = state with { Applications = state.Applications.Remove(application) };
            return Reply.Ok(0x00);
        }
        if (state.LoadFiles.Find(f => f.Aid == aid) is not { } file) return Sw.ReferenceNotFound;
        var instances = state.Applications.FindAll(a => a.LoadFile == aid);
        if (instances.Count > 0 && !andRelated) return Sw.Conditions;
        if (instances.Exists(domain => state.Applications.Exists(other => other.Domain == domain.Aid && !instances.Contains(other))))
            return Sw.Conditions;
        // Another package was linked against it (JCVM 4.5).
        if (state.LoadFiles.Exists(other => other != file && other.Imports.Any(needed => file.Provides.Any(it => it.Aid == needed.Aid))))
            return Sw.Conditions;
        card.State = state with { LoadFiles = state.LoadFiles.Remove(file), Applications = state.Applications.RemoveRange(instances) };
        return Reply.Ok(0x00);
    }

    private static Reply DeleteKeys(CardMemory card, List<(int Tag, byte[] Value)> objects)
    {
        bool Matches(KeyReference key) => objects.All(o => o.Value[0] == (o.Tag == 0xD0 ? key.Id : key.Version));
        var (domain, scp) = (card.SelectedDomain!.Value, card.State.Scp);
        var before = card.State.KeysOf(domain);
        var doomed = before.Keys.Keys.Where(Matches).ToList();
        if (doomed.Count == 0) return Sw.ReferenceNotFound;
        var after = before.With(before.Keys.RemoveRange(doomed), scp);
        // The card must stay reachable, and so must a domain that had keys.
        if (before.Set(0, scp) is not null && after.Set(0, scp) is null) return Sw.Conditions;
        card.State = card.State.WithKeys(domain, after);
        return Reply.Ok(0x00);
    }
}
