using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

// What issuers encrypt orders to.
public sealed partial class FileKeyVault : IOrderFileKeys
{
    /// <inheritdoc/>
    public IReadOnlyList<OrderFileKeyInfo> OrderFileKeys
    {
        get
        {
            lock (_gate) return [.. _content.OrderFileKeys.Select(key => key.Info)];
        }
    }

    /// <inheritdoc/>
    public OrderFileKeyInfo MakeOrderFileKey(DateTimeOffset from, DateTimeOffset until)
    {
        lock (_gate)
        {
            TakeNewer();
            var version = _content.OrderFileKeys is [.., var newest] ? newest.Info.Version + 1 : 1;
            var key = OrderFileKey.Make(version, _content.Center, _content.Keys.Signing, from, until);
            _content.OrderFileKeys.Add(key);
            SaveOr(() =>
            {
                _content.OrderFileKeys.Remove(key);
                key.Dispose();
            });
            return key.Info;
        }
    }

    /// <inheritdoc/>
    public bool DestroyOrderFileKey(int version, KeyApproval approval)
    {
        ArgumentNullException.ThrowIfNull(approval);
        lock (_gate)
        {
            TakeNewer();
            var keys = _content.OrderFileKeys;
            var at = keys.FindIndex(key => key.Info.Version == version);
            if (at < 0 || at == keys.Count - 1) return false;
            var key = keys[at];
            if (!approval.TryUse(new KeyDeed.DestroyOrderFileKey(version, key.Info.Fingerprint))) return false;
            keys.RemoveAt(at);
            SaveOr(() => keys.Insert(at, key));
            key.Dispose();
            return true;
        }
    }

    /// <inheritdoc/>
    public bool TryUnwrap(OrderFileRecipient recipient, [NotNullWhen(true)] out SecretBytes? key)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        key = null;
        lock (_gate)
        {
            var own = _content.OrderFileKeys.Find(one => recipient.Serial.IsEmpty
                ? one.KeyIdentifier == recipient.KeyIdentifier
                : one.Serial == recipient.Serial);
            return own is not null && CmsKeyAgreement.TryUnwrap(
                own.Key, recipient.Ephemeral, recipient.Hash, recipient.SharedInfo.Span, recipient.Wrapped.Span, out key);
        }
    }
}
