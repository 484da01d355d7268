/* A PMIx client: publishes its rank, fences with data collection, reads everybody's; prints how many it
 * heard. */
#include <pmix.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  pmix_proc_t me, all;
  if (PMIx_Init(&me, NULL, 0) != PMIX_SUCCESS)
    return 1;
  PMIX_PROC_CONSTRUCT(&all);
  PMIX_LOAD_PROCID(&all, me.nspace, PMIX_RANK_WILDCARD);

  pmix_value_t* value;
  if (PMIx_Get(&all, PMIX_JOB_SIZE, NULL, 0, &value) != PMIX_SUCCESS)
    return 2;
  unsigned size = value->data.uint32;
  PMIX_VALUE_RELEASE(value);

  pmix_value_t mine;
  PMIX_VALUE_LOAD(&mine, &me.rank, PMIX_UINT32);
  if (PMIx_Put(PMIX_GLOBAL, "podstep-test-rank", &mine) != PMIX_SUCCESS)
    return 3;
  if (PMIx_Commit() != PMIX_SUCCESS)
    return 4;

  pmix_info_t info;
  bool collect = true;
  PMIX_INFO_LOAD(&info, PMIX_COLLECT_DATA, &collect, PMIX_BOOL);
  if (PMIx_Fence(&all, 1, &info, 1) != PMIX_SUCCESS)
    return 5;

  unsigned heard = 0;
  for (unsigned rank = 0; rank < size; rank++) {
    pmix_proc_t other;
    PMIX_LOAD_PROCID(&other, me.nspace, rank);
    if (PMIx_Get(&other, "podstep-test-rank", NULL, 0, &value) != PMIX_SUCCESS)
      continue;
    if (value->data.uint32 == rank)
      heard++;
    PMIX_VALUE_RELEASE(value);
  }
  printf("rank %u of %u heard %u\n", me.rank, size, heard);
  return PMIx_Finalize(NULL, 0) == PMIX_SUCCESS ? 0 : 6;
}
